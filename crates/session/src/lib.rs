//! the document of Tonmeister: song.toml parsed with spans, printed with comments, edited
#![forbid(unsafe_code)]
pub mod model;
pub mod tables;
