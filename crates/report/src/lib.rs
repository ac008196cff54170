//! Reports people look at: what was measured, as pages and pictures.
//!
//! Values in, text and bytes out: this room reads no file and writes none.
//!
//! - [`draw`]: the vocabulary of every picture, from the rack's reference to a master's report; SVG, and PNG from it.
//! - [`figure`]: a picture with its title, words, legend and numbers; wide, narrow, as a file, or in a page.
//! - [`figures`]: the pictures there are, each of one file or of several.
//! - [`page`]: sections, tables and figures, as one file of HTML or as sheets of A4. Nothing in it asks the network for
//!   anything.
//! - [`pdf`]: sheets as a document whose text can be searched and copied.
//! - [`report`]: the report of one file, of several, or of one before and after.
//! - [`words`]: what the numbers mean, in plain words. [`text`]: numbers, times and names as a reader expects them.
//! - [`subject`]: what goes in.
//!
//! ```
//! use tonmeister_report::page::{Page, Section, Table};
//!
//! let mut table = Table::new("Songs", &["", "loudness"]);
//! table.row(["One".to_string(), "−9.8 LUFS".to_string()]);
//! let mut section = Section::new("songs", "Songs");
//! section.table(&table);
//! let mut page = Page::new("An album", "ten songs");
//! page.section(&section);
//! assert!(page.html().contains("<h1>An album</h1>"));
//! ```
#![forbid(unsafe_code)]

pub mod draw;
pub mod figure;
pub mod figures;
pub mod page;
mod paper;
pub mod pdf;
pub mod report;
pub mod subject;
pub mod text;
pub mod words;

pub use report::{Picture, Report};
pub use subject::{Service, Story, Subject};
