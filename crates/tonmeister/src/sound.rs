//! Where sound comes from: an audio file, or the program of a disc. Whatever takes one for a track's audio takes the
//! other, because both are opened here.

use std::path::Path;

use tonmeister_core::{Diagnostic, Severity, Source, SourceInfo};
use tonmeister_media::{self as media, NonFinite, NonFiniteCount, OpenOptions};
use tonmeister_release::ddp::{Fileset, is_fileset};

use crate::failure::Failure;
use crate::measure::describe;

/// Sound that is open, from its first frame.
pub(crate) struct Sound {
    pub(crate) source: Box<dyn Source>,
    pub(crate) info: SourceInfo,
    /// What kind of file it is ("WAV, 24-bit").
    pub(crate) format: String,
    /// Significant bits per sample; `None` for lossy codecs.
    pub(crate) bits: Option<u16>,
    /// What was not as it should be, and what was done about it.
    pub(crate) warnings: Vec<Diagnostic>,
    /// How many samples [`NonFinite::Silence`] has silenced so far.
    pub(crate) silenced: NonFiniteCount,
}

impl Sound {
    /// Opens an audio file, or a folder that holds a DDP fileset.
    pub(crate) fn open(path: &Path, non_finite: NonFinite) -> Result<Sound, Failure> {
        if is_fileset(path) {
            let disc = Fileset::open(path).map_err(|e| Failure::input(path, e))?;
            let source = disc.program();
            let warnings = disc.findings.into_iter().filter(|d| d.severity != Severity::Note).collect();
            let silenced = NonFiniteCount::default();
            let format = format!("{}, 16-bit", disc.identifier.level);
            return Ok(Sound { info: source.info(), source, format, bits: Some(16), warnings, silenced });
        }
        let opened = media::open_with(path, OpenOptions { non_finite }).map_err(|e| Failure::input(path, e))?;
        let media::Opened { source, info, warnings, silenced } = opened;
        Ok(Sound { info: info.source_info(), source, format: describe(&info), bits: info.bits, warnings, silenced })
    }
}
