//! C bindings. What is computed is computed in the library; here structs, arrays and errors change their types.
//!
//! `include/nabla_ransac.h` is made of this crate by cbindgen, doc comments included.

#![expect(non_camel_case_types, reason = "types have their names in C")]

#[cfg(test)]
mod against_rust;
mod array;
mod border;
#[cfg(test)]
mod both_sides;
mod camera;
mod estimator;
mod handles;
mod options;
mod problem;
mod result;
mod versioned;
