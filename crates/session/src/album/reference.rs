//! The reference of the album document that follows from the tables: every key, with what it takes and its default.

use super::keys::{ALBUM, CASSETTE, CD, CHAIN_TABLE, DELIVER, DOCUMENT, SONG, VINYL};
use crate::reference::keys;

/// Every key of an album document, as Markdown. The keys of inserts stand in the song document's reference.
pub fn reference() -> String {
    let mut out = String::new();
    keys(&mut out, "The album document", "The tables at the top.", DOCUMENT);
    keys(&mut out, "`[album]`", "", ALBUM);
    keys(&mut out, "`[chain]`", "", CHAIN_TABLE);
    keys(&mut out, "`[[song]]`", "", SONG);
    keys(&mut out, "`[[deliver]]`", "", DELIVER);
    keys(&mut out, "`[cd]`", "", CD);
    keys(&mut out, "`[vinyl]`", "", VINYL);
    keys(&mut out, "`[cassette]`", "", CASSETTE);
    out
}
