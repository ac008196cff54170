//! The reference pages of the rack: every effect described from its table, measured by building it, and drawn by
//! running it.
//!
//! No page is written by hand. [`pages`] gives them all as text; a test holds what is committed under `docs/rack`
//! against it, and `BLESS=1` writes it anew.
//!
//! A picture shows what its family is understood by: the response of an equalizer, the transfer curve and the step of a
//! dynamics processor, the decay of a space, level and pitch of a tone under modulation, the harmonics of a color, the
//! width of a stereo tool, before and after for a repair.

mod picture;
mod probe;
mod shows;

use std::fmt::Write as _;

use tonmeister_core::{Automatable, EffectSpec, Family, ParamIndex, ParamSpec, Registry, Settings, Slot, Tail};
use tonmeister_session::written;

use probe::Probe;

/// A file under `docs/rack`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// `README.md`, `compressor.md`, `compressor.svg`.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// The index, and a page and a picture for every effect. The error names an effect that does not build as its page
/// would show it.
pub fn pages(registry: &Registry) -> Result<Vec<Page>, String> {
    let mut pages = vec![Page { name: "README.md".into(), text: index(registry) }];
    for spec in registry.specs() {
        let shows = shows::shows(spec)?;
        let picture = picture::draw(registry, &shows).map_err(|error| format!("`{}`: {error}", spec.id))?;
        let example = shows.last().map(|(_, settings)| example(settings)).unwrap_or_default();
        let text = page(registry, spec, &example).map_err(|error| format!("`{}`: {error}", spec.id))?;
        pages.push(Page { name: format!("{}.md", spec.id), text });
        pages.extend(picture.map(|text| Page { name: format!("{}.svg", spec.id), text }));
    }
    Ok(pages)
}

fn index(registry: &Registry) -> String {
    let count = registry.specs().count();
    let mut out = format!(
        "# The rack\n\n{count} effects, shelf by shelf. Every page is made by the program: tables from what the effects \
         say of themselves, latency and tail from building them, pictures from running them.\n"
    );
    for family in Family::ALL {
        let mut effects = registry.specs().filter(|spec| spec.family == family).peekable();
        if effects.peek().is_none() {
            continue;
        }
        let _ = write!(out, "\n## {}\n\n| effect | |\n|---|---|\n", family.name());
        for spec in effects {
            let _ = writeln!(out, "| [`{}`]({}.md) | {} |", spec.id, spec.id, spec.summary);
        }
    }
    out
}

fn page(registry: &Registry, spec: &'static EffectSpec, example: &str) -> Result<String, String> {
    let mut out = format!(
        "# {}\n\n{}\n\n![{}: what the program measured on it]({}.svg)\n\n{}\n",
        spec.name, spec.summary, spec.name, spec.id, spec.doc
    );
    let _ = write!(out, "\n```toml\n{example}```\n\n## Parameters\n");
    if !spec.params.is_empty() {
        out.push('\n');
        table(&mut out, spec.params);
    } else if spec.groups.is_empty() {
        out.push_str("\nNone.\n");
    }
    for group in spec.groups {
        let form = if group.many() { format!("A list of at most {}", group.max) } else { "A table".into() };
        let _ = write!(out, "\n### `{}`\n\n{} {form}; what is not written is off.\n\n", group.id, group.doc);
        table(&mut out, group.params);
    }
    if !spec.files.is_empty() {
        out.push_str("\n### Files\n\n| key | | longest | |\n|---|---|---|---|\n");
        for file in spec.files {
            let need = if file.required { "**required**" } else { "optional" };
            let _ = writeln!(out, "| `{}` | {need} | {} s | {}: {} |", file.id, file.max_seconds, file.name, file.doc);
        }
    }
    let processor = Probe::new(registry, Settings::new(spec)).build().map_err(|error| error.to_string())?;
    out.push_str("\n## In the chain\n\n");
    let latency = processor.latency().0;
    let _ = match latency {
        0 => writeln!(out, "- Latency: none."),
        frames => writeln!(out, "- Latency: {frames} frames at 48 kHz ({}), made up for by the mixer.", time(frames)),
    };
    let _ = match processor.tail() {
        Tail::Frames(0) => writeln!(out, "- Tail: none."),
        Tail::Frames(frames) => writeln!(out, "- Tail: {} at its defaults, until −120 dB.", time(frames)),
        Tail::Endless => writeln!(out, "- Tail: endless at its defaults."),
    };
    out.push_str(if spec.stereo_only {
        "- Makes stereo of mono: a mono strip becomes stereo here.\n"
    } else {
        "- Mono stays mono, stereo stays stereo.\n"
    });
    if spec.takes_key() {
        out.push_str("- Listens to another strip through `key`.\n");
    }
    if processor.gain_reduction().is_some() {
        out.push_str("- Reports its gain reduction.\n");
    }
    if processor.levels().is_some() {
        out.push_str("- Reports what it hears.\n");
    }
    if !spec.sources.is_empty() {
        out.push_str("\n## Sources\n\n");
        for source in spec.sources {
            let _ = writeln!(out, "- {source}");
        }
    }
    Ok(out)
}

/// `213 ms`, `4.2 s`.
fn time(frames: u64) -> String {
    let ms = 1000.0 * frames as f64 / f64::from(probe::RATE);
    if ms < 10.0 {
        format!("{ms:.2} ms")
    } else if ms < 1000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1000.0)
    }
}

fn table(out: &mut String, params: &[ParamSpec]) {
    out.push_str("| key | takes | default | moves | |\n|---|---|---|---|---|\n");
    for param in params {
        let moves = match param.automatable {
            Automatable::Smooth => "smoothly",
            Automatable::Stepped => "in steps",
            Automatable::Fixed => "fixed",
        };
        let default = written(param, param.default);
        let mut doc = format!("{}: {}", param.name, param.doc);
        if let tonmeister_core::ParamKind::Choice(choices) = param.kind {
            for choice in choices {
                let _ = write!(doc, "<br>`\"{}\"`: {}", choice.id, choice.doc);
            }
        }
        let takes = param.expected();
        let _ = writeln!(out, "| `{}` | {takes} | `{default}` | {moves} | {} |", param.id, doc.replace('|', "\\|"));
    }
}

/// A song of one track with this effect on it; what is at its default is left out, unless all is.
fn example(settings: &Settings) -> String {
    let spec = settings.spec();
    let mut out = String::from(
        "[song]\nsample_rate_hz = 48000\n\n[[track]]\nid = \"voice\"\naudio = \"voice.wav\"\n\n[[track.insert]]\n",
    );
    let _ = writeln!(out, "effect = \"{}\"", spec.id);
    for file in spec.files.iter().filter(|file| file.required) {
        let _ = writeln!(out, "{} = \"recordings/{}.wav\"", file.id, file.id);
    }
    let all: Vec<ParamIndex> = (0..settings.count() as u32).map(ParamIndex).collect();
    let value = |index: ParamIndex| {
        let (param, value) = settings.at(index);
        format!("{} = {}", param.id, written(param, value))
    };
    let scalars: Vec<ParamIndex> =
        all.iter().copied().filter(|i| matches!(settings.slot(*i), Some(Slot::Scalar(_)))).collect();
    let changed = |index: &&ParamIndex| settings.at(**index).1 != settings.at(**index).0.default;
    let mut written: Vec<&ParamIndex> = scalars.iter().filter(changed).collect();
    if written.is_empty() {
        written = scalars.iter().take(3).collect();
    }
    for index in written {
        let _ = writeln!(out, "{}", value(*index));
    }
    for (place, group) in spec.groups.iter().enumerate() {
        let items: Vec<String> = (0..settings.items(group.id).len())
            .map(|item| {
                let of = |i: &&ParamIndex| matches!(settings.slot(**i), Some(Slot::Grouped { group: g, item: n, .. }) if (g, n) == (place, item));
                let mine: Vec<&ParamIndex> = all.iter().filter(of).collect();
                let mut said: Vec<&ParamIndex> = mine.iter().copied().filter(changed).collect();
                if said.is_empty() {
                    said = mine.into_iter().take(1).collect();
                }
                format!("{{ {} }}", said.into_iter().map(|i| value(*i)).collect::<Vec<_>>().join(", "))
            })
            .collect();
        match (items.as_slice(), group.many()) {
            ([], _) => {}
            ([item], false) => drop(writeln!(out, "{} = {item}", group.id)),
            (items, _) => drop(writeln!(out, "{} = [{}]", group.id, items.join(", "))),
        }
    }
    out
}
