//! From an end to the people who wait for it: through faults, to the right place, and once.

mod faults;
mod limits;
mod once;
mod places;
