//! Which finders hear a file.

use tonmeister_core::SourceInfo;

use super::config::Config;
use super::ear::Ear;
use super::finder::Finder;
use super::voice::Voice;

/// A finder of every rule that is asked for.
pub(super) fn finders(info: SourceInfo, _config: &Config) -> Vec<Box<dyn Finder>> {
    vec![Box::new(Ear::new(info)), Box::new(Voice::new(info))]
}
