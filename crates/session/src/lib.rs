//! The document: a song as a text that a musician can read aloud.
//!
//! ```
//! use tonmeister_core::Registry;
//! use tonmeister_session::{Edit, parse};
//!
//! let text = "[song]\nsample_rate_hz = 48000\n\n[[track]]\nid = \"kick\"   # in the box\naudio = \"stems/kick.wav\"\n";
//! let mut document = parse(text, &Registry::new()).unwrap();
//! assert_eq!(document.song().tracks[0].strip.get("fader_db"), 0.0);
//!
//! let undo = document.apply(&Edit::SetParam { address: "kick/fader_db".into(), value: -3.5 }).unwrap();
//! assert!(document.text().ends_with("fader_db = -3.5\n"));
//! document.apply(&undo).unwrap();
//! assert_eq!(document.text(), text);
//! ```
//!
//! The way through the room:
//!
//! 1. [`tables`] and [`keys`] say what may be written, once. Parser, printer, [`schema()`] and [`reference()`] read it
//!    there, and an effect's keys in its [`EffectSpec`](tonmeister_core::EffectSpec).
//! 2. [`parse`] reads a text into a [`Document`]. All that is wrong is told at once, each finding with its place
//!    ([`LineIndex`] turns bytes into lines), what was expected, what was found, and the remedy.
//! 3. [`Document::song`] is the [`model`]: typed values with every default filled in, for the engine.
//! 4. [`Document::apply`] makes an [`Edit`] and returns its inverse. The text keeps its comments, its order and its
//!    line endings; only what the edit is about changes.
//! 5. [`diff()`] tells two songs apart in a mixer's words.
//! 6. [`print()`] writes a song that was built in code.
//!
//! [`album`] is the same for a release: songs, how they follow each other, and what is made of them.
//!
//! Text in, document out: this room touches neither audio nor the file system, and knows effects by description only.
#![forbid(unsafe_code)]

pub mod album;
pub mod cut;
mod diff;
mod document;
mod edit;
pub mod keys;
pub mod lane;
mod lines;
mod link;
mod listen;
mod lower;
pub mod model;
mod print;
mod read;
pub mod record;
mod reference;
mod report;
mod scene;
mod schema;
pub mod tables;
pub mod time;
mod tree;
mod version;

pub use diff::{About, Difference, diff};
pub use document::{Document, parse};
pub use edit::{Edit, Entry, Named, NamedSort, Plain, Splice};
pub use lines::{LineIndex, line_col};
pub use listen::{Heard, Returns, Solo, Soloing};
pub use model::Song;
pub use print::{print, written};
pub use reference::reference;
pub use scene::{Recall, SceneSort};
pub use schema::schema;
