//! What a model writes, as people see it: a corpus of documents, golden files of every form, and properties that hold for
//! all of them and for whatever else chance makes up.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod delivered;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod properties;
