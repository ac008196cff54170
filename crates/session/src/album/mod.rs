//! The album document: mixes, and how they become a release.
//!
//! ```
//! use tonmeister_core::Registry;
//! use tonmeister_session::album;
//!
//! let text = "[album]\ntitle = \"Night Drive\"\nartist = \"The Late Ones\"\n\n[[song]]\naudio = \"mixes/one.wav\"\n";
//! let document = album::parse(text, &Registry::new()).unwrap();
//! assert_eq!(document.album().songs[0].audio.path(), "mixes/one.wav");
//! ```
//!
//! It is read with the song document's own machinery: the same tree with a place for everything, the same values and
//! findings, an effect's keys from its description. [`keys`] says what may be written, once; [`parse`], [`schema()`]
//! and [`reference()`] read it there. [`model`] is what comes of it.

mod document;
pub mod keys;
pub mod model;
mod reference;
mod schema;

pub use document::{AlbumDocument, parse};
pub use model::Album;
pub use reference::reference;
pub use schema::schema;
