//! The recordings that effects sound with (impulse responses), read whole before the effect is built.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tonmeister_core::{Buffer, FileSpec, Frames, Settings};

use crate::clip::Library;
use crate::compile::EngineError;

/// How many frames are asked of a source at a time.
const STEP: usize = 16_384;

/// Reads the recordings that one effect's settings name, at that rate, and hands them over: what [`crate::compile()`]
/// does for every insert of a song.
pub fn load_recordings(settings: &mut Settings, library: &dyn Library, sample_rate: u32) -> Result<(), EngineError> {
    let recordings = Recordings::new(library, sample_rate);
    recordings.load(settings).map_err(|(key, message)| EngineError::new(format!("`{key}`"), message).at(key))
}

/// Reads recordings at the song's rate; one that several inserts name is read once and shared.
pub(crate) struct Recordings<'l> {
    library: &'l dyn Library,
    sample_rate: u32,
    read: Mutex<HashMap<String, Arc<Buffer>>>,
}

impl<'l> Recordings<'l> {
    pub(crate) fn new(library: &'l dyn Library, sample_rate: u32) -> Self {
        Recordings { library, sample_rate, read: Mutex::default() }
    }

    /// Reads what the settings name and hands it over. The error names the key, the file and the remedy.
    pub(crate) fn load(&self, settings: &mut Settings) -> Result<(), (&'static str, String)> {
        for file in settings.spec().files {
            match settings.file(file.id).map(str::to_owned) {
                // What somebody has handed over already without naming it is theirs.
                Some(path) if !path.is_empty() => {
                    let sound = self.sound(&path, file).map_err(|message| (file.id, message))?;
                    settings.load(file.id, sound);
                }
                _ if file.required && settings.sound(file.id).is_none() => {
                    let what = file.name.to_lowercase();
                    let message = format!("the effect needs its {what}: name an audio file as `{}`", file.id);
                    return Err((file.id, message));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn sound(&self, path: &str, file: &FileSpec) -> Result<Arc<Buffer>, String> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        let sound = match known {
            Some(sound) => sound,
            None => self.read_whole(path, file)?,
        };
        // Another effect may have allowed more of the same file.
        check(path, file, sound.frames() as u64, self.sample_rate)?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), Arc::clone(&sound));
        Ok(sound)
    }

    fn read_whole(&self, path: &str, file: &FileSpec) -> Result<Arc<Buffer>, String> {
        let info = self.library.info(path, self.sample_rate).map_err(|e| e.message)?;
        // Before anything is read: memory stays bounded.
        check(path, file, info.frames, self.sample_rate)?;
        let mut source = self.library.open(path, self.sample_rate).map_err(|e| e.message)?;
        let mut sound = Buffer::new(info.layout, info.frames as usize);
        let mut done = 0;
        while done < sound.frames() {
            let end = (done + STEP).min(sound.frames());
            let frames = source.read(&mut sound.block_range(done, end)).map_err(|e| e.message)?;
            if frames == 0 {
                return Err(format!(
                    "`{path}` ended before its {} frames were read; is the file cut off?",
                    info.frames
                ));
            }
            done += frames;
        }
        Ok(Arc::new(sound))
    }
}

/// Whether a recording of that length is one the effect takes.
fn check(path: &str, file: &FileSpec, frames: u64, sample_rate: u32) -> Result<(), String> {
    let (what, most) = (file.name.to_lowercase(), file.max_seconds);
    if frames == 0 {
        return Err(format!("`{path}` holds no audio; the {what} needs some"));
    }
    if frames > Frames::from_seconds(most, sample_rate).0 {
        let seconds = Frames(frames).seconds(sample_rate);
        return Err(format!("`{path}` lasts {seconds:.4} s, but the {what} holds at most {most} s; shorten the file"));
    }
    Ok(())
}
