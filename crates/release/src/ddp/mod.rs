//! DDP 2.00 filesets: a disc as a folder of files, as pressing plants take it. DDP is a trademark of DCA, Inc.
//!
//! `DDPID` names the master, `DDPMS` its streams: `IMAGE.DAT`, the audio from the first sector on, little-endian and
//! without a header; `PQDESCR`, where tracks and indexes begin; `CDTEXT.BIN`. `CHECKSUM.MD5` stands beside them.
//!
//! The layouts come from the black-box experiments of ddp-reverse-eng (`spec/ddp2.md`; Part I for the fields, note N6 for
//! how writers differ), not from DCA's specification. Where writers differ, filesets are written as the majority writes
//! them and read in every way that was seen.
//!
//! [`write()`] makes a fileset beside its place, reads it back, compares it with what it was made from, and only then gives
//! it its name. [`Fileset`] opens one, whoever made it; [`compare()`] holds two against each other.

mod compare;
mod fileset;
mod id;
mod map;
mod pq;
mod record;
#[cfg(test)]
mod tests;
mod verify;
mod write;

pub use compare::{Difference, compare};
pub use fileset::{Fileset, is_fileset};
pub use id::{Identifier, LONGEST_MASTER_ID};
pub use map::{Packet, parse as parse_map};
pub use pq::{Described, parse as parse_pq};
pub use verify::{FileSum, Verified, checksums};
pub use write::{Master, Written, write};

/// The file of the audio.
pub const IMAGE: &str = "IMAGE.DAT";
/// The file of tracks and indexes.
pub const PQ: &str = "PQDESCR";
/// The file of the texts.
pub const TEXT: &str = "CDTEXT.BIN";
/// The file of the checksums, as `md5sum` reads it.
pub const CHECKSUMS: &str = "CHECKSUM.MD5";
