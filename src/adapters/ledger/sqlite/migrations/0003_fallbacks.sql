-- The channel a notice was meant for, when that did not take it and it goes to the person alone.
ALTER TABLE notices ADD COLUMN instead_of TEXT;
