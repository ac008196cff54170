//! Jobs that do not wait for each other, done side by side: songs, masters, sets of files.
//!
//! Each job gets a studio of its own (a *hand*), so no job knows of another; results stand in the order of the jobs, and what
//! is made is the same to the bit however many are at work. A job may have jobs of its own: those share the cores with all
//! others. What is in memory grows with the cores, not with the jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};

use rayon::prelude::*;

use super::studio::{Studio, Trouble};

/// What one of several jobs may tell of the work that is expected of it: never more, so that all of them together come to
/// the whole.
#[derive(Clone, Debug)]
pub struct Share {
    told: Sender<u64>,
    left: Arc<AtomicU64>,
}

impl Share {
    fn new(told: &Sender<u64>, size: u64) -> Share {
        Share { told: told.clone(), left: Arc::new(AtomicU64::new(size)) }
    }

    /// So much is done.
    pub fn advance(&self, units: u64) {
        let take = |left: u64| Some(left - units.min(left));
        let before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).unwrap_or(0);
        // Nobody listens any more only if the watcher panicked.
        let _ = self.told.send(units.min(before));
    }

    /// The job is over, whatever was expected of it.
    fn end(&self) {
        self.advance(u64::MAX);
    }
}

/// Bytes of each thread's stack: who waits for jobs of its own takes up others meanwhile, on top of what it is at.
const STACK: usize = 8 << 20;

/// Does one job for each of these sizes (in frames, as far as they can be foreseen), as many at the same time as the studio
/// has cores. Where some fail, the error is that of the first of them, and what has not begun by then is left undone.
pub(crate) fn each<T: Send>(
    studio: &mut dyn Studio,
    what: &str,
    sizes: &[u64],
    job: impl Fn(&mut dyn Studio, usize) -> Result<T, Trouble> + Sync,
) -> Result<Vec<T>, Trouble> {
    if sizes.len() < 2 || studio.cores() < 2 {
        return (0..sizes.len()).map(|place| job(studio, place)).collect();
    }
    if let Some(share) = studio.share() {
        let hands = sizes.iter().map(|_| (studio.hand(share), share.clone())).collect();
        return side_by_side(hands, false, &job);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(studio.cores()).stack_size(STACK).build();
    let pool = pool.map_err(|e| Trouble::Target(format!("no threads can be had: {e}")))?;
    let (sender, receiver) = channel();
    let hands = sizes.iter().map(|size| {
        let share = Share::new(&sender, *size);
        (studio.hand(&share), share)
    });
    let hands: Vec<(Box<dyn Studio + Send>, Share)> = hands.collect();
    drop(sender);
    studio.begin(what, sizes.iter().sum());
    std::thread::scope(|scope| {
        let work = scope.spawn(|| pool.install(|| side_by_side(hands, true, &job)));
        let mut goes_on = Ok(());
        while let Ok(units) = receiver.recv() {
            // Whoever asked to stop asked the hands as well: they end by themselves, and are waited for.
            goes_on = goes_on.and_then(|()| studio.advance(units));
        }
        let done = work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        goes_on.map(|()| done)
    })
}

fn side_by_side<T: Send>(
    hands: Vec<(Box<dyn Studio + Send>, Share)>,
    ends: bool,
    job: &(impl Fn(&mut dyn Studio, usize) -> Result<T, Trouble> + Sync),
) -> Result<Vec<T>, Trouble> {
    let failed = AtomicBool::new(false);
    let one = |(place, (mut hand, share)): (usize, (Box<dyn Studio + Send>, Share))| {
        if failed.load(Ordering::Relaxed) {
            return None;
        }
        let done = job(&mut *hand, place);
        if ends {
            share.end();
        }
        failed.fetch_or(done.is_err(), Ordering::Relaxed);
        Some(done)
    };
    // One by one: the longest of the last few is all that the others ever wait for.
    let done: Vec<Option<Result<T, Trouble>>> = hands.into_par_iter().enumerate().with_max_len(1).map(one).collect();
    let mut all = Vec::with_capacity(done.len());
    let mut undone = false;
    for one in done {
        match one {
            Some(one) => all.push(one?),
            None => undone = true,
        }
    }
    debug_assert!(!undone, "a job is left undone only where another has failed");
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;

    use tonmeister_core::{Registry, Source};
    use tonmeister_session::model::Song;

    use super::*;
    use crate::album::studio::{Mixed, Sink};

    /// Renders nothing; it is told how far jobs are.
    #[derive(Clone, Default)]
    struct Teller {
        registry: Arc<Registry>,
        cores: usize,
        share: Option<Share>,
        total: u64,
        told: Arc<Mutex<u64>>,
    }

    impl Studio for Teller {
        fn registry(&self) -> &Registry {
            &self.registry
        }

        fn render(&mut self, _: &Song, _: &str, _: Sink<'_>) -> Result<Vec<(String, f64)>, Trouble> {
            Ok(Vec::new())
        }

        fn excerpt(&mut self, _: &Song, _: &str, _: (u64, u64), _: Sink<'_>) -> Result<Vec<(String, f64)>, Trouble> {
            Ok(Vec::new())
        }

        fn feed(&mut self, _: &str, _: Song) {}

        fn open(&mut self, _: &Song) -> Result<Box<dyn Source>, Trouble> {
            Err(Trouble::Target("nothing to open".into()))
        }

        fn look(&mut self, _: &Path) -> Result<Mixed, Trouble> {
            Err(Trouble::Target("nothing to look at".into()))
        }

        fn mix(&mut self, _: &Path, _: &Path, _: &[String]) -> Result<(), Trouble> {
            Ok(())
        }

        fn begin(&mut self, _: &str, frames: u64) {
            if self.share.is_none() {
                self.total += frames;
            }
        }

        fn advance(&mut self, frames: u64) -> Result<(), Trouble> {
            match &self.share {
                Some(share) => share.advance(frames),
                None => *self.told.lock().unwrap() += frames,
            }
            Ok(())
        }

        fn cores(&self) -> usize {
            self.cores
        }

        fn hand(&self, share: &Share) -> Box<dyn Studio + Send> {
            Box::new(Teller { share: Some(share.clone()), ..self.clone() })
        }

        fn share(&self) -> Option<&Share> {
            self.share.as_ref()
        }
    }

    #[test]
    fn results_stand_in_order_and_what_is_told_adds_up() {
        for cores in [1, 2, 3, 8] {
            let mut studio = Teller { cores, ..Teller::default() };
            let sizes: Vec<u64> = (0..40).map(|n| 5 + n % 7).collect();
            let done = each(&mut studio, "counting", &sizes, |studio, place| {
                // Some have jobs of their own, some do less than was expected of them, some more.
                let parts = each(studio, "parts", &vec![1; place % 4], |studio, part| {
                    studio.advance(part as u64 * 9)?;
                    Ok(part)
                })?;
                Ok((place, parts.len()))
            });
            let expected: Vec<(usize, usize)> = (0..40).map(|place| (place, place % 4)).collect();
            assert_eq!(done.unwrap(), expected, "{cores} cores");
            if cores > 1 {
                assert_eq!((studio.total, *studio.told.lock().unwrap()), (sizes.iter().sum(), sizes.iter().sum()));
            }
        }
    }

    #[test]
    fn the_first_of_several_errors_is_told_and_the_rest_is_left_undone() {
        for cores in [1, 4] {
            let mut studio = Teller { cores, ..Teller::default() };
            let begun = AtomicU64::new(0);
            let failed = each(&mut studio, "failing", &[1; 500], |_, place| {
                begun.fetch_add(1, Ordering::Relaxed);
                std::thread::yield_now();
                if place % 5 == 3 { Err(Trouble::Target(format!("job {place}"))) } else { Ok(()) }
            });
            let told = failed.unwrap_err().to_string();
            assert!(told.starts_with("job "), "{told}");
            assert!(begun.load(Ordering::Relaxed) < 500);
        }
    }

    #[test]
    fn as_many_are_at_work_as_there_are_cores() {
        let mut studio = Teller { cores: 3, ..Teller::default() };
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        each(&mut studio, "working", &[1; 30], |_, _| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(1));
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        })
        .unwrap();
        assert!((2..=3).contains(&most.into_inner()));
    }
}
