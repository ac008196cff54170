//! Which frame of the song is heard when.

/// The order in which the frames of a song are heard: straight on, or straight on into a loop and round it.
///
/// Places on it count on for ever. A place before the end of the loop's first round is the frame of the song itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The first frame of the loop, and the frame behind its last.
    cycle: Option<(i64, i64)>,
}

impl Timeline {
    /// The song as it stands.
    pub const STRAIGHT: Timeline = Timeline { cycle: None };

    /// The song up to `to`, then `from..to` over and over; `None` where `to` does not lie behind `from`.
    pub fn looped(from: u64, to: u64) -> Option<Self> {
        let (from, to) = (i64::try_from(from).ok()?, i64::try_from(to).ok()?);
        (from < to).then_some(Timeline { cycle: Some((from, to)) })
    }

    /// The loop, if there is one: its first frame and the frame behind its last.
    pub fn cycle(&self) -> Option<(u64, u64)> {
        self.cycle.map(|(from, to)| (from as u64, to as u64))
    }

    /// The frame of the song at a place; negative before the song.
    pub fn song(&self, at: i64) -> i64 {
        match self.cycle {
            Some((from, to)) if at >= to => from + (at - from) % (to - from),
            _ => at,
        }
    }

    /// How many frames follow on each other from a place on, until the next jump.
    pub fn run(&self, at: i64) -> u64 {
        match self.cycle {
            Some((_, to)) => (to - self.song(at)) as u64,
            None => u64::MAX,
        }
    }

    /// How many frames ago the last jump was, and the frame of the song that would have come without it.
    pub(crate) fn since_jump(&self, at: i64) -> Option<(u64, i64)> {
        let (from, to) = self.cycle.filter(|(_, to)| at >= *to)?;
        let since = self.song(at) - from;
        Some((since as u64, to + since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_comes_round() {
        let line = Timeline::looped(10, 14).unwrap();
        let heard: Vec<i64> = (8..22).map(|at| line.song(at)).collect();
        assert_eq!(heard, [8, 9, 10, 11, 12, 13, 10, 11, 12, 13, 10, 11, 12, 13]);
        assert_eq!(line.song(-3), -3);
        let runs: Vec<u64> = (12..16).map(|at| line.run(at)).collect();
        assert_eq!(runs, [2, 1, 4, 3]);
        assert_eq!(line.since_jump(13), None);
        assert_eq!(line.since_jump(19), Some((1, 15)));
        assert_eq!(Timeline::looped(4, 4), None);
        assert_eq!(Timeline::STRAIGHT.song(1 << 40), 1 << 40);
    }
}
