//! Samples that are infinite or not a number: refused, or silenced and counted.
//!
//! One such sample in a track poisons every recursive filter behind it for the rest of the song, so none ever leaves
//! this crate but to ears that ask for it, to tell where it lies.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::MediaError;
use crate::pcm::{count_non_finite, first_non_finite, silence_non_finite};

/// What happens to samples that are infinite or not a number (floating-point files can hold them).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonFinite {
    /// Reading stops with an error that names the file and the time of the first one. For work whose result is kept.
    #[default]
    Refuse,
    /// They are read as silence and counted ([`NonFiniteCount`]). For whatever filters, converts or subtracts.
    Silence,
    /// They are handed on as they are and counted. For meters and the check, which know what to make of them and can tell
    /// on which channel and when.
    Keep,
}

/// How many such samples were met so far in one source, kept up while it is read.
#[derive(Clone, Debug, Default)]
pub struct NonFiniteCount(Arc<AtomicU64>);

impl NonFiniteCount {
    /// The count so far; complete once the source was read to its end.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The policy at work on one source.
#[derive(Clone, Debug)]
pub(crate) struct FinitePolicy {
    pub(crate) policy: NonFinite,
    pub(crate) count: NonFiniteCount,
}

impl FinitePolicy {
    /// Checks the first `frames` frames of channels that begin at frame `start` of the file.
    pub(crate) fn apply(
        &self,
        lanes: &mut [&mut [f32]],
        frames: usize,
        start: u64,
        path: &Path,
        sample_rate: u32,
    ) -> Result<(), MediaError> {
        match self.policy {
            NonFinite::Silence => {
                self.found(lanes.iter_mut().map(|lane| silence_non_finite(&mut lane[..frames])).sum());
                Ok(())
            }
            NonFinite::Keep => {
                self.found(lanes.iter().map(|lane| count_non_finite(&lane[..frames])).sum());
                Ok(())
            }
            NonFinite::Refuse => match lanes.iter().filter_map(|lane| first_non_finite(&lane[..frames])).min() {
                None => Ok(()),
                Some(frame) => {
                    let frame = start + frame as u64;
                    Err(MediaError::Damaged {
                        path: path.to_owned(),
                        place: format!("{:.6} s (frame {frame})", frame as f64 / f64::from(sample_rate)),
                        found: "a sample that is infinite or not a number".into(),
                    })
                }
            },
        }
    }

    fn found(&self, samples: u64) {
        if samples > 0 {
            self.count.0.fetch_add(samples, Ordering::Relaxed);
        }
    }
}
