//! WAV in its three sizes: RIFF, RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088).
//!
//! [`read`] walks the chunks of a file and trusts none of their sizes further than the file reaches; [`mod@write`] makes
//! files that begin as RIFF and become RF64 by themselves when they outgrow 32 bits.

pub(crate) mod axml;
pub(crate) mod bext;
pub(crate) mod chunks;
pub(crate) mod labels;
pub(crate) mod read;
pub(crate) mod write;
