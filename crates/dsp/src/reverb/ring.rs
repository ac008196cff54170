//! Memory of one delay line, written and read in runs of frames.

/// The longest run. Modulation is drawn in straight lines over this many frames of the processor's own life.
pub(crate) const CHUNK: usize = 64;

/// One run of frames for each line or channel of the reverb.
pub(crate) type Planes = [[f32; CHUNK]; super::LINES];

/// A delay line in `f32`.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    // A power of two, and its first run once more behind it, so that a run never wraps.
    samples: Vec<f32>,
    size: usize,
    next: usize,
}

impl Ring {
    /// That can be read at least `longest` frames behind its newest.
    pub(crate) fn new(longest: usize) -> Ring {
        let size = (longest + 2 * CHUNK).next_power_of_two();
        Ring { samples: vec![0.0; size + CHUNK], size, next: 0 }
    }

    /// Takes a run of at most [`CHUNK`] frames in.
    #[inline]
    pub(crate) fn write(&mut self, run: &[f32]) {
        self.room(run.len()).copy_from_slice(run);
        self.written(run.len());
    }

    /// Where the next run of at most [`CHUNK`] frames goes; once it is there, say so with [`Ring::written`].
    #[inline]
    pub(crate) fn room(&mut self, frames: usize) -> &mut [f32] {
        &mut self.samples[self.next..self.next + frames]
    }

    /// Takes in what has been put into the [room](Ring::room) of so many frames.
    #[inline]
    pub(crate) fn written(&mut self, frames: usize) {
        let (start, end) = (self.next, self.next + frames);
        if end > self.size {
            self.samples.copy_within(self.size..end, 0);
        }
        if start < CHUNK {
            let head = end.min(CHUNK);
            self.samples.copy_within(start..head, self.size + start);
        }
        self.next = end & (self.size - 1);
    }

    /// The `frames` frames that begin `behind` frames before the next one to be written.
    #[inline]
    pub(crate) fn run(&self, behind: usize, frames: usize) -> &[f32] {
        let start = self.next.wrapping_sub(behind) & (self.size - 1);
        &self.samples[start..start + frames]
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.samples.fill(0.0);
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_any_length_come_back_at_any_distance() {
        let mut ring = Ring::new(300);
        let mut written: usize = 0;
        for length in [1_usize, 64, 63, 7, 64, 64, 64, 2, 64, 33].iter().cycle().take(200) {
            let run: Vec<f32> = (written..written + length).map(|n| n as f32).collect();
            ring.write(&run);
            written += length;
            for behind in [*length, 64, 100, 300] {
                if behind >= *length && behind <= written {
                    let frames = behind.min(CHUNK);
                    let back: Vec<f32> = (written - behind..).take(frames).map(|n| n as f32).collect();
                    assert_eq!(ring.run(behind, frames), back);
                }
            }
        }
    }
}
