//! The verb *process*: one effect of the rack over one file, at the file's own rate.
//!
//! The file streams through, so its length costs no memory; the effect's latency is taken off again, and the residual
//! (input − output) is what the effect took away, sample for sample.

pub mod rack;
mod values;

pub(crate) use values::value;

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Block, Buffer, Context, EffectSpec, Layout, Processor, Source, Stream, Tail, View};
use tonmeister_dsp::resample::Resampled;
use tonmeister_engine::{ENDLESS_S, Trimmer, load_recordings};
use tonmeister_media as media;

use crate::failure::{Failure, Finding};
use crate::mix::{Dynamics, Metered};
use crate::output::{Depth, Output, Written, format_of, refuse_to_replace};
use crate::progress::Progress;
use crate::world::{Files, World};

/// What is drawn at random is drawn alike every time.
const SEED: u64 = 0x7072_6f63_6573_7300;

/// The rates that processors are made for.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=384_000;

/// What to do with the file.
#[derive(Clone, Debug)]
pub struct ProcessOptions {
    /// The file to write; `.wav` or `.flac`.
    pub output: PathBuf,
    /// How its samples are stored.
    pub depth: Depth,
    /// Addresses and values, as the document writes them: `threshold_db` and `-20`, `bells/1/hz` and `100`.
    pub set: Vec<(String, String)>,
    /// Files that the effect sounds with: `ir` and its path.
    pub files: Vec<(String, PathBuf)>,
    /// A file that drives the side-chain.
    pub key: Option<PathBuf>,
    /// Where to write what the effect took away: input − output.
    pub residual: Option<PathBuf>,
    /// Write what rings on after the input too.
    pub tail: bool,
    /// What notes follow.
    pub tempo_bpm: f64,
}

impl ProcessOptions {
    /// To that file in 24 bits, at the effect's defaults.
    pub fn new(output: impl Into<PathBuf>) -> Self {
        ProcessOptions {
            output: output.into(),
            depth: Depth::Int24,
            set: Vec::new(),
            files: Vec::new(),
            key: None,
            residual: None,
            tail: false,
            tempo_bpm: tonmeister_session::keys::TEMPO.default,
        }
    }
}

/// What processing came to.
#[derive(Clone, Debug, Serialize)]
pub struct ProcessReport {
    /// The effect.
    pub effect: &'static str,
    /// What went in.
    pub input: PathBuf,
    /// Every parameter at its value, as the document writes it.
    pub settings: Vec<Setting>,
    /// The latency that was taken off, in frames.
    pub latency_frames: u64,
    /// What it did to the level, if it is a dynamics processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamics: Option<Dynamics>,
    /// What it heard, if it is a meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<Metered>,
    /// The file.
    pub written: Written,
    /// What was taken away, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual: Option<Written>,
    /// What was odd about the files.
    pub warnings: Vec<Finding>,
}

/// One parameter and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its address in the effect: `bells/1/hz`.
    pub address: String,
    /// Its value, as the document writes it.
    pub value: String,
}

impl World {
    /// Runs an effect over a file. The files appear whole or not at all.
    pub fn process(
        &self,
        effect: &str,
        input: &Path,
        options: &ProcessOptions,
        progress: &mut dyn Progress,
    ) -> Result<ProcessReport, Failure> {
        let spec = self.effect(effect)?;
        let mut settings = values::settings(spec, options)?;
        check_outputs(input, options)?;
        if options.key.is_some() && !spec.takes_key() {
            return Err(Failure::Usage(format!("the effect `{}` listens to no side-chain; take the key out", spec.id)));
        }
        let reading = if spec.stereo_only { Reading::Spread } else { Reading::Plain };
        let mut opened = Opened::new(input, reading)?;
        let (rate, layout, frames) = (opened.rate, opened.layout, opened.frames);
        let files = Files::new("");
        load_recordings(&mut settings, &*files, rate).map_err(|error| {
            let named = options.files.iter().find(|(key, _)| error.address.as_deref() == Some(key));
            Failure::input(named.map_or(input, |(_, path)| path.as_path()), error)
        })?;
        let stream = Stream { sample_rate: rate, layout, max_block: self.block, seed: SEED };
        let mut processor = self
            .registry()
            .build(&settings, &stream)
            .map_err(|e| Failure::Usage(format!("the effect `{}` cannot run on {}: {e}", spec.id, input.display())))?;
        let mut key = options.key.as_ref().map(|path| Opened::at_rate(path, rate)).transpose()?;

        let latency = processor.latency().0;
        let longest = ENDLESS_S * u64::from(rate);
        let (tail, endless) = match processor.tail() {
            _ if !options.tail => (0, false),
            Tail::Frames(tail) => (tail.min(longest), false),
            Tail::Endless => (longest, true),
        };
        let mut output = Output::create(self, &options.output, options.depth, (rate, layout))?;
        let residual = options.residual.as_ref().map(|path| Residual::new(self, path, input, options, &opened));
        let mut residual = residual.transpose()?;
        let mut trimmer = Trimmer::new(layout, latency, frames, tail, |view: View<'_>| {
            output.write(view)?;
            residual.as_mut().map_or(Ok(()), |residual| residual.write(view))
        });
        let total = latency + frames + tail;
        progress.begin(spec.name, total);
        let pass = self.run(&mut *processor, (&mut opened, key.as_mut()), total, &mut trimmer, progress);
        progress.end();
        pass?;

        let mut warnings = opened.warnings;
        warnings.extend(key.into_iter().flat_map(|key| key.warnings));
        warnings.extend(files.warnings());
        if endless {
            let message = "the effect never falls silent; its tail was cut after 60 s";
            warnings.push(Finding::warning(input, "endless-tail", message));
        }
        // Both files are complete before the first of them appears.
        let (output, residual) = (output.end(), residual.map(|residual| residual.output.end()));
        let residual = residual.map(crate::output::Ended::keep).transpose()?;
        Ok(ProcessReport {
            effect: spec.id,
            input: input.into(),
            settings: values::written(&settings),
            latency_frames: latency,
            dynamics: processor.gain_reduction().map(|reduction| Dynamics {
                address: spec.id.into(),
                max_reduction_db: reduction.max_db,
                mean_reduction_db: reduction.mean_db,
            }),
            meter: processor.levels().map(|levels| Metered::new(spec.id, &levels)),
            written: output.keep()?,
            residual,
            warnings,
        })
    }

    /// The effect of that name.
    fn effect(&self, name: &str) -> Result<&'static EffectSpec, Failure> {
        self.registry().spec(name).ok_or_else(|| {
            let near = tonmeister_core::diagnostic::nearest(name, self.registry().specs().map(|spec| spec.id));
            let help = near.map_or("`tonmeister rack` lists them".into(), |near| format!("did you mean `{near}`?"));
            Failure::Usage(format!("there is no effect `{name}`; {help}"))
        })
    }

    /// Everything through the processor: the input, silence for its latency, and its tail.
    fn run(
        &self,
        processor: &mut dyn Processor,
        (input, mut key): (&mut Opened, Option<&mut Opened>),
        total: u64,
        trimmer: &mut Trimmer<impl FnMut(View<'_>) -> Result<(), Failure>>,
        progress: &mut dyn Progress,
    ) -> Result<(), Failure> {
        let mut buffer = Buffer::new(input.layout, self.block);
        let mut driver = key.as_ref().map(|key| Buffer::new(key.layout, self.block));
        let mut done = 0;
        while done < total {
            self.go_on()?;
            let frames = (total - done).min(self.block as u64) as usize;
            input.fill(&mut buffer.block(frames))?;
            if let (Some(key), Some(driver)) = (&mut key, &mut driver) {
                key.fill(&mut driver.block(frames))?;
            }
            let context = Context { events: &[], key: driver.as_ref().map(|driver| driver.view(frames)) };
            processor.process(&mut buffer.block(frames), &context);
            trimmer.push(buffer.view(frames))?;
            done += frames as u64;
            progress.advance(frames as u64);
        }
        Ok(())
    }
}

/// Nothing is written over what it is made from, nor two things to one place.
fn check_outputs(input: &Path, options: &ProcessOptions) -> Result<(), Failure> {
    let mut sources = vec![input];
    sources.extend(options.files.iter().map(|(_, path)| path.as_path()));
    sources.extend(options.key.as_deref());
    for output in [Some(&options.output), options.residual.as_ref()].into_iter().flatten() {
        format_of(output, options.depth)?;
        refuse_to_replace(output, &sources)?;
    }
    if options.residual.as_ref() == Some(&options.output) {
        return Err(Failure::Usage("the output and the residual are one file; name two".into()));
    }
    Ok(())
}

/// In what shape an input is read.
#[derive(Clone, Copy)]
enum Reading {
    /// As it is.
    Plain,
    /// On two channels, because the effect makes stereo.
    Spread,
}

/// A file that is read to its end, and silence behind it.
struct Opened {
    path: PathBuf,
    source: Box<dyn Source>,
    rate: u32,
    layout: Layout,
    own: Layout,
    frames: u64,
    warnings: Vec<Finding>,
}

impl Opened {
    fn new(path: &Path, reading: Reading) -> Result<Self, Failure> {
        let opened = media::open(path).map_err(|e| Failure::input(path, e))?;
        let info = opened.source.info();
        if !RATES.contains(&info.sample_rate) {
            let message =
                format!("runs at {} Hz; effects run at {} to {} Hz", info.sample_rate, RATES.start(), RATES.end());
            return Err(Failure::input(path, message));
        }
        let layout = if matches!(reading, Reading::Spread) { Layout::Stereo } else { info.layout };
        Ok(Opened {
            path: path.into(),
            source: opened.source,
            rate: info.sample_rate,
            layout,
            own: info.layout,
            frames: info.frames,
            warnings: opened.warnings.iter().map(|d| Finding::new(path, "", d)).collect(),
        })
    }

    /// Converted to that rate, where it has another.
    fn at_rate(path: &Path, rate: u32) -> Result<Self, Failure> {
        let mut opened = Opened::new(path, Reading::Plain)?;
        if opened.rate != rate {
            opened.source = Box::new(Resampled::new(opened.source, rate));
            opened.rate = rate;
        }
        Ok(opened)
    }

    /// The next frames, and silence where there are none any more.
    fn fill(&mut self, block: &mut Block<'_>) -> Result<(), Failure> {
        let mut done = 0;
        while done < block.frames() {
            let mut rest = block.part(done, block.frames());
            let mut own = match self.own {
                Layout::Mono => Block::mono(rest.channel_mut(0)),
                Layout::Stereo => rest,
            };
            match self.source.read(&mut own).map_err(|e| Failure::input(&self.path, e))? {
                0 => {
                    own.silence();
                    break;
                }
                frames => done += frames,
            }
        }
        if self.own != self.layout
            && let Some((left, right)) = block.pair_mut()
        {
            right.copy_from_slice(left);
        }
        Ok(())
    }
}

/// Input − output, on its way to a file. It reads the input once more, beside the effect's answer.
struct Residual {
    input: Opened,
    output: Output,
    buffer: Buffer,
}

impl Residual {
    fn new(
        world: &World,
        path: &Path,
        input: &Path,
        options: &ProcessOptions,
        opened: &Opened,
    ) -> Result<Self, Failure> {
        let reading = if opened.own == opened.layout { Reading::Plain } else { Reading::Spread };
        let output = Output::create(world, path, options.depth, (opened.rate, opened.layout))?;
        let buffer = Buffer::new(opened.layout, world.block);
        Ok(Residual { input: Opened::new(input, reading)?, output, buffer })
    }

    fn write(&mut self, view: View<'_>) -> Result<(), Failure> {
        let step = self.buffer.frames();
        for from in (0..view.frames()).step_by(step) {
            let part = view.part(from, (from + step).min(view.frames()));
            let mut block = self.buffer.block(part.frames());
            self.input.fill(&mut block)?;
            for (channel, after) in block.channels_mut().zip(part.channels()) {
                channel.iter_mut().zip(after).for_each(|(before, after)| *before -= *after);
            }
            self.output.write(block.view())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
