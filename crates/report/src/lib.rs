//! Reports people look at: what was measured, as pages and pictures.
//!
//! Values in, text and bytes out: this room reads no file and writes none.
//!
//! - [`draw`]: the vocabulary of every picture, from the rack's reference to a master's report; SVG, and PNG from it.
//! - [`text`]: numbers, times and names as a reader expects them.
#![forbid(unsafe_code)]

pub mod draw;
pub mod text;
