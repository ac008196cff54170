//! Partitions of one size: in the frequency domain, and a little of the work at a time.
//!
//! When a block of input is complete, its spectrum joins those of the blocks before; each is multiplied by the partition
//! that is as far from the start as the block is old, and the sum of products goes back. The result belongs to a block
//! that begins `from` frames after the input's. If that is a block's length, it is needed at once; if it is two or more,
//! there is a whole block's time, and each tick of the grid does its part of a fixed list of steps.
//!
//! Spectra lie in tiles of sixteen bins: a tile of all blocks, a tile of all partitions, and the sums stay in registers
//! while memory streams by in one direction.

use std::fmt;

use super::Path;
use super::transform::{Analysis, Planes, Transform};

/// Bins that are summed side by side.
const BINS: usize = 16;
/// Tiles of one step.
const TILES: usize = 16;

/// Real and imaginary parts of some neighboring bins.
type Tile = [[f32; BINS]; 2];

/// A step of the work on one block.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// One pass of an input's transform.
    Pass { input: usize, pass: usize },
    /// An input's spectrum joins those of the blocks before.
    Join { input: usize },
    /// Products of an output, for some tiles from this on.
    Products { output: usize, tile: usize },
    /// One pass of an output's way back.
    Back { output: usize, pass: usize },
    /// An output is ready.
    Ready { output: usize },
}

/// One path's part in a stage.
struct Filter {
    input: usize,
    /// The first partition that is not silence. Those before are left out.
    first: usize,
    /// Partitions of each tile, one after another.
    spectra: Vec<Tile>,
    count: usize,
}

/// One size of partitions.
pub(super) struct Stage {
    size: usize,
    from: usize,
    /// Partitions, which is how many blocks are remembered.
    count: usize,
    transform: Transform,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    /// The newest spectrum's place among those remembered; they grow older from there on.
    newest: usize,
    /// The work, and what has to be done before each step.
    steps: Vec<(Step, usize)>,
    /// Of the whole list.
    cost: usize,
    done: usize,
    /// Frames of the block that are there.
    filled: usize,
    grid: usize,
    /// Whether a block's time passes between the input and the first frame of its result.
    spread: bool,
    /// Blocks in a row that were silent, and whether the work on the present one can be left out.
    silent: usize,
    idle: bool,
}

struct Input {
    before: Vec<f32>,
    newest: Vec<f32>,
    work: [Planes; 2],
    spectra: Vec<Tile>,
}

struct Output {
    filters: Vec<Filter>,
    work: [Planes; 2],
    /// Comes next, and is being heard.
    next: Vec<f32>,
    heard: Vec<f32>,
}

impl Stage {
    /// Partitions of `size` frames for the taps from `from` up to `to`, on paths that begin with `late` frames of
    /// silence.
    pub(super) fn new(
        size: usize,
        from: usize,
        to: usize,
        grid: usize,
        (inputs, outputs): (usize, usize),
        paths: &[Path<'_>],
        late: usize,
    ) -> Stage {
        let count = (to - from).div_ceil(size);
        let transform = Transform::new(size);
        let mut analysis = Analysis::new(size);
        let mut outputs: Vec<Output> = (0..outputs)
            .map(|_| Output {
                filters: Vec::new(),
                work: [Planes::new(size), Planes::new(size)],
                next: vec![0.0; size],
                heard: vec![0.0; size],
            })
            .collect();
        for path in paths {
            let taps: Vec<&[f64]> = (0..count)
                .map(|p| {
                    let part = from + p * size..(from + (p + 1) * size).min(to);
                    let [start, end] = [part.start, part.end].map(|n| (n - late).min(path.impulse.len()));
                    &path.impulse[start..end]
                })
                .collect();
            outputs[path.output].filters.extend(Filter::new(path.input, &taps, &mut analysis));
        }
        let heard: Vec<bool> =
            (0..inputs).map(|k| outputs.iter().flat_map(|o| &o.filters).any(|f| f.input == k)).collect();
        let (steps, cost) = plan(&transform, size, &heard, &outputs);
        let inputs = (0..inputs)
            .map(|_| Input {
                before: vec![0.0; size],
                newest: vec![0.0; size],
                work: [Planes::new(size), Planes::new(size)],
                spectra: vec![[[0.0; BINS]; 2]; count * size / BINS],
            })
            .collect();
        let spread = from >= 2 * size;
        Stage {
            size,
            from,
            count,
            transform,
            inputs,
            outputs,
            newest: 0,
            // Nothing is to be done until a block is complete.
            done: steps.len(),
            steps,
            cost,
            filled: 0,
            grid,
            spread,
            silent: 0,
            idle: true,
        }
    }

    /// Adds what is heard of an output, from this place of the grid on.
    pub(super) fn read(&self, output: usize, at: usize, samples: &mut [f32]) {
        let start = self.filled + at;
        let heard = &self.outputs[output].heard[start..start + samples.len()];
        samples.iter_mut().zip(heard).for_each(|(y, heard)| *y += heard);
    }

    /// The grid's frames are full: takes them in, and does a part of the work.
    pub(super) fn tick<'a>(&mut self, newest: impl Fn(usize) -> &'a [f32]) {
        for (k, input) in self.inputs.iter_mut().enumerate() {
            input.newest[self.filled..self.filled + self.grid].copy_from_slice(newest(k));
        }
        self.filled += self.grid;
        if self.filled == self.size {
            self.filled = 0;
            if self.spread {
                self.hand_over();
            }
            self.begin();
            if !self.spread {
                self.work_until(self.cost);
                self.hand_over();
            }
        }
        if self.spread {
            // At the block's last tick everything is done.
            self.work_until(self.cost * (self.filled / self.grid + 1) / (self.size / self.grid));
        }
    }

    pub(super) fn reset(&mut self) {
        for input in &mut self.inputs {
            input.before.fill(0.0);
            input.newest.fill(0.0);
            input.spectra.fill([[0.0; BINS]; 2]);
        }
        for output in &mut self.outputs {
            output.next.fill(0.0);
            output.heard.fill(0.0);
        }
        (self.newest, self.filled, self.silent, self.idle) = (0, 0, 0, true);
        self.done = self.steps.len();
    }

    /// What has been worked out is heard from now on.
    fn hand_over(&mut self) {
        for output in &mut self.outputs {
            std::mem::swap(&mut output.next, &mut output.heard);
        }
    }

    /// A block is complete: its work begins.
    fn begin(&mut self) {
        let silent = self.inputs.iter().all(|input| input.newest.iter().all(|x| *x == 0.0));
        self.silent = if silent { (self.silent + 1).min(self.count + 2) } else { 0 };
        self.newest = (self.newest + self.count - 1) % self.count;
        // The spectra of this block and of all that are remembered are of silence.
        self.idle = self.silent == self.count + 2;
        if self.idle {
            for output in &mut self.outputs {
                output.next.fill(0.0);
            }
            self.done = self.steps.len();
        } else {
            for input in &mut self.inputs {
                self.transform.load(&input.before, &input.newest, &mut input.work[0]);
            }
            self.done = 0;
        }
        for input in &mut self.inputs {
            std::mem::swap(&mut input.before, &mut input.newest);
        }
    }

    /// Goes on until so much of the cost is behind.
    fn work_until(&mut self, cost: usize) {
        while let Some((step, before)) = self.steps.get(self.done).copied()
            && before < cost
        {
            self.step(step);
            self.done += 1;
        }
    }

    fn step(&mut self, step: Step) {
        let Stage { transform, inputs, outputs, count, newest, .. } = self;
        match step {
            Step::Pass { input, pass } => transform.pass(pass, &mut inputs[input].work),
            Step::Join { input } => {
                let Input { work, spectra, .. } = &mut inputs[input];
                let from = &work[transform.last()];
                let parts = from.re.as_chunks::<BINS>().0.iter().zip(from.im.as_chunks::<BINS>().0);
                for (tiles, (re, im)) in spectra.chunks_exact_mut(*count).zip(parts) {
                    tiles[*newest] = [*re, *im];
                }
            }
            Step::Products { output, tile } => {
                let Output { filters, work, .. } = &mut outputs[output];
                let bins = tile * BINS..((tile + TILES) * BINS).min(work[0].re.len());
                let sums = (&mut work[0].re[bins.clone()], &mut work[0].im[bins]);
                sums.0.fill(0.0);
                sums.1.fill(0.0);
                for filter in filters {
                    products(
                        &inputs[filter.input].spectra,
                        *count,
                        *newest,
                        filter,
                        tile,
                        (&mut *sums.0, &mut *sums.1),
                    );
                }
            }
            Step::Back { output, pass } => transform.pass_back(pass, &mut outputs[output].work),
            Step::Ready { output } => {
                let Output { work, next, .. } = &mut outputs[output];
                transform.store(&work[transform.last()], next);
            }
        }
    }
}

impl Filter {
    /// Partitions of one path; none if all are silence.
    fn new(input: usize, taps: &[&[f64]], analysis: &mut Analysis) -> Option<Filter> {
        let sounds = |taps: &&[f64]| taps.iter().any(|h| *h != 0.0);
        let first = taps.iter().position(sounds)?;
        let count = taps.iter().rposition(sounds)? + 1 - first;
        let mut spectra = Vec::new();
        for (p, taps) in taps[first..first + count].iter().enumerate() {
            let bins = analysis.spectrum(taps);
            spectra.resize(count * bins.len() / BINS, [[0.0; BINS]; 2]);
            for (tile, bins) in bins.as_chunks::<BINS>().0.iter().enumerate() {
                spectra[tile * count + p] = [bins.map(|z| z.re as f32), bins.map(|z| z.im as f32)];
            }
        }
        Some(Filter { input, first, spectra, count })
    }
}

/// Everything that is to be done for one block, and how much of the cost lies before each step: a product costs
/// about what a number costs on its way through one pass of a transform.
fn plan(transform: &Transform, size: usize, heard: &[bool], outputs: &[Output]) -> (Vec<(Step, usize)>, usize) {
    let (mut steps, mut cost) = (Vec::new(), 0);
    let mut add = |step, of_it: usize| {
        steps.push((step, cost));
        cost += of_it;
    };
    for input in (0..heard.len()).filter(|k| heard[*k]) {
        (0..transform.passes()).for_each(|pass| add(Step::Pass { input, pass }, size));
        add(Step::Join { input }, size);
    }
    for (k, output) in outputs.iter().enumerate().filter(|(_, output)| !output.filters.is_empty()) {
        let partitions: usize = output.filters.iter().map(|filter| filter.count).sum();
        for tile in (0..size / BINS).step_by(TILES) {
            let tiles = TILES.min(size / BINS - tile);
            add(Step::Products { output: k, tile }, tiles * BINS * partitions);
        }
        (0..transform.passes()).for_each(|pass| add(Step::Back { output: k, pass }, size));
        add(Step::Ready { output: k }, size);
    }
    (steps, cost)
}

/// Adds the products of one path, for some tiles from this on.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn products(
    spectra: &[Tile],
    remembered: usize,
    newest: usize,
    filter: &Filter,
    tile: usize,
    sums: (&mut [f32], &mut [f32]),
) {
    let sums = sums.0.as_chunks_mut::<BINS>().0.iter_mut().zip(sums.1.as_chunks_mut::<BINS>().0);
    let sound = spectra.chunks_exact(remembered).skip(tile);
    let partitions = filter.spectra.chunks_exact(filter.count).skip(tile);
    for ((sums, sound), partitions) in sums.zip(sound).zip(partitions) {
        let (mut re, mut im) = (*sums.0, *sums.1);
        // From the first partition's block to the oldest; where memory ends they go on at its beginning.
        let start = (newest + filter.first) % remembered;
        let straight = filter.count.min(remembered - start);
        let (near, far) = partitions.split_at(straight);
        for (sound, partitions) in [(&sound[start..start + straight], near), (&sound[..far.len()], far)] {
            for (x, h) in sound.iter().zip(partitions) {
                for lane in 0..BINS {
                    re[lane] += x[0][lane] * h[0][lane] - x[1][lane] * h[1][lane];
                    im[lane] += x[0][lane] * h[1][lane] + x[1][lane] * h[0][lane];
                }
            }
        }
        (*sums.0, *sums.1) = (re, im);
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {} from {}", self.count, self.size, self.from)
    }
}
