//! What every strip's meter shows, brought from the audio thread without a lock.

use std::sync::atomic::{AtomicU32, Ordering};

use tonmeister_core::View;
use tonmeister_engine::Executor;

/// The time constant of the mean square, as of most needles: 300 ms.
const MEAN_S: f32 = 0.3;

/// The level of a strip: behind its inserts and before its fader; of the master, behind its fader.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    /// The strip's id.
    pub strip: String,
    /// The largest sample since the meters were last looked at, in dBFS, per channel; a mono strip has one.
    pub peak_dbfs: Vec<f64>,
    /// The level over the last 300 ms, in dBFS of a root mean square (a full-scale square wave is 0), per channel.
    pub rms_dbfs: Vec<f64>,
}

/// What a dynamics processor of a strip takes off.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// The strip's id; `master` for the master.
    pub strip: String,
    /// The insert's id inside the strip.
    pub insert: String,
    /// The most it took off since this was last looked at, in decibels, positive.
    pub most_db: f64,
}

/// One dynamics processor: where it is in the plan, what it is called. Reductions are kept as the bits of floats.
struct Processor {
    node: usize,
    insert: usize,
    strip: String,
    id: String,
    /// The most since the last look.
    most: AtomicU32,
    /// The most that it has ever reported: what is greater lay inside a block, and is over at its end.
    ever: AtomicU32,
}

/// One channel. Levels are kept as the bits of floats: those of positive floats are in the order of the floats.
#[derive(Default)]
struct Cell {
    peak: AtomicU32,
    square: AtomicU32,
}

/// The meters of a plan's strips.
pub(crate) struct Meters {
    /// Each with its node in the plan.
    strips: Vec<(usize, String, Vec<Cell>)>,
    processors: Vec<Processor>,
    sample_rate: f32,
}

impl Meters {
    pub(crate) fn new(executor: &Executor) -> Self {
        let plan = executor.plan();
        let cells = |channels: usize| (0..channels).map(|_| Cell::default()).collect();
        // Of a strip that stands in parts, the one that is heard.
        let nodes = plan.nodes.iter().enumerate().filter(|(place, _)| plan.is_end(*place));
        let strips = nodes.map(|(place, node)| (place, node.strip.clone(), cells(node.layout.channels())));
        let processors = plan.nodes.iter().enumerate().flat_map(|(node, of)| {
            let told = move |(insert, _): &(usize, &_)| executor.gain_reduction(node, *insert).is_some();
            of.inserts.iter().enumerate().filter(told).map(move |(insert, named)| Processor {
                node,
                insert,
                strip: of.strip.clone(),
                id: named.id.clone(),
                most: AtomicU32::new(0),
                ever: AtomicU32::new(0),
            })
        });
        let processors = processors.collect();
        Meters { strips: strips.collect(), processors, sample_rate: plan.sample_rate as f32 }
    }

    /// Looks at what an executor has just made. On the audio thread, which is the only one to write means.
    pub(crate) fn take(&self, executor: &Executor, frames: usize) {
        let keep = (-(frames as f32) / (MEAN_S * self.sample_rate)).exp();
        for (node, _, cells) in &self.strips {
            let view: View<'_> = executor.made(*node, frames);
            for (cell, samples) in cells.iter().zip(view.channels()) {
                let (mut peak, mut square) = ([0.0_f32; 8], [0.0_f32; 8]);
                let (eights, rest) = samples.as_chunks::<8>();
                for eight in eights {
                    for i in 0..8 {
                        peak[i] = peak[i].max(eight[i].abs());
                        square[i] += eight[i] * eight[i];
                    }
                }
                for (i, x) in rest.iter().enumerate() {
                    peak[i] = peak[i].max(x.abs());
                    square[i] += x * x;
                }
                let peak = peak.iter().fold(0.0_f32, |a, b| a.max(*b));
                let mean = square.iter().sum::<f32>() / frames as f32;
                cell.peak.fetch_max(peak.to_bits(), Ordering::Relaxed);
                let before = f32::from_bits(cell.square.load(Ordering::Relaxed));
                cell.square.store((mean + (before - mean) * keep).to_bits(), Ordering::Relaxed);
            }
        }
        for processor in &self.processors {
            let Some(told) = executor.gain_reduction(processor.node, processor.insert) else { continue };
            // `max` makes nothing of a number that is none, so that the bits stay in the order of the numbers.
            let (now, ever) = ((told.now_db as f32).max(0.0), (told.max_db as f32).max(0.0));
            let before = f32::from_bits(processor.ever.swap(ever.to_bits(), Ordering::Relaxed));
            let most = if ever > before { now.max(ever) } else { now };
            processor.most.fetch_max(most.to_bits(), Ordering::Relaxed);
        }
    }

    /// What every dynamics processor takes off, in the order of the plan; the looks begin anew.
    pub(crate) fn reductions(&self) -> Vec<Reduction> {
        let show = |processor: &Processor| Reduction {
            strip: processor.strip.clone(),
            insert: processor.id.clone(),
            most_db: f64::from(f32::from_bits(processor.most.swap(0, Ordering::Relaxed))),
        };
        self.processors.iter().map(show).collect()
    }

    /// What they show; the peaks begin anew.
    pub(crate) fn look(&self) -> Vec<Meter> {
        let decibels = |gain: f64| 20.0 * gain.log10();
        let show = |(_, strip, cells): &(usize, String, Vec<Cell>)| Meter {
            strip: strip.clone(),
            peak_dbfs: cells
                .iter()
                .map(|cell| decibels(f64::from(f32::from_bits(cell.peak.swap(0, Ordering::Relaxed)))))
                .collect(),
            rms_dbfs: cells
                .iter()
                .map(|cell| decibels(f64::from(f32::from_bits(cell.square.load(Ordering::Relaxed)).sqrt())))
                .collect(),
        };
        self.strips.iter().map(show).collect()
    }
}
