//! `DDPID`: one record of 128 bytes that names the master.

use std::path::Path;

use tonmeister_core::codes::Barcode;

use super::record::{Field, blank, put, text};
use crate::error::ReleaseError;

pub(super) const BYTES: usize = 128;
const LEVEL: Field = Field(0, 8);
const UPC: Field = Field(8, 13);
const MASTER: Field = Field(38, 48);
const TYPE: Field = Field(87, 2);

/// Characters that a master's name can have.
pub const LONGEST_MASTER_ID: usize = 48;

/// What `DDPID` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identifier {
    /// The version of the format: `DDP 2.00`, in older filesets `DDP 1.00` or `DDP 1.01`.
    pub level: String,
    /// EAN or UPC, as it stands there; empty for none.
    pub upc: String,
    /// The master's name, which does not get onto the disc.
    pub master_id: String,
}

impl Identifier {
    pub(super) fn new(ean: Option<Barcode>, master_id: &str) -> Identifier {
        let upc = ean.map_or(String::new(), |code| code.ean().to_owned());
        Identifier { level: "DDP 2.00".into(), upc, master_id: master_id.into() }
    }

    pub(super) fn bytes(&self) -> [u8; BYTES] {
        let mut record = blank();
        put(&mut record, LEVEL, &self.level);
        put(&mut record, UPC, &self.upc);
        put(&mut record, MASTER, &self.master_id);
        put(&mut record, TYPE, "CD");
        record
    }

    /// Reads the record. The user's text behind it is passed over: writers disagree where it stands.
    ///
    /// # Errors
    /// When it is too short, of a version for other discs, or not for a CD. `path` names it in messages.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Identifier, ReleaseError> {
        let Some(record) = bytes.get(..BYTES) else {
            let found = format!("expected a record of {BYTES} bytes, found {}", bytes.len());
            return Err(ReleaseError::damaged(path, "byte 0", found));
        };
        let level = text(record, LEVEL);
        if !matches!(level.as_str(), "DDP 2.00" | "DDP 1.01" | "DDP 1.00") {
            let found =
                format!("expected DDP 1.00, 1.01 or 2.00, the versions for CDs, found `{}`", level.escape_debug());
            return Err(ReleaseError::damaged(path, "byte 0", found));
        }
        // Before 2.00 the type of the disc did not stand there.
        let kind = text(record, TYPE);
        if level == "DDP 2.00" && !matches!(kind.as_str(), "CD" | "") {
            let found = format!("expected the disc type CD, found `{}`", kind.escape_debug());
            return Err(ReleaseError::damaged(path, "byte 87", found));
        }
        Ok(Identifier { level, upc: text(record, UPC), master_id: text(record, MASTER) })
    }
}
