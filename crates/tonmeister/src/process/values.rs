//! Values as somebody types them, brought to an effect's settings: what the document accepts, without its quotes.

use std::collections::BTreeMap;

use tonmeister_core::diagnostic::nearest;
use tonmeister_core::{EffectSpec, Note, ParamError, ParamIndex, ParamKind, ParamSpec, Settings};
use tonmeister_session::keys::TEMPO;

use super::{ProcessOptions, Setting};
use crate::failure::Failure;

/// The settings that were asked for.
pub(super) fn settings(spec: &'static EffectSpec, options: &ProcessOptions) -> Result<Settings, Failure> {
    TEMPO.check(options.tempo_bpm).map_err(|e| Failure::Usage(e.to_string()))?;
    let mut settings = Settings::new(spec);
    let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
    for (address, value) in &options.set {
        if asked.insert(address, value).is_some() {
            return Err(Failure::Usage(format!("`{address}` is set twice")));
        }
    }
    begin_items(&mut settings, &asked)?;
    for (address, text) in asked {
        let index = settings.index_of(address).map_err(|_| unknown(spec, address))?;
        set(&mut settings, index, text, options.tempo_bpm)
            .map_err(|message| Failure::Usage(format!("--set {address}={text}: {message}")))?;
    }
    for (id, path) in &options.files {
        let path = path.to_str().ok_or_else(|| Failure::input(path, "the name is not Unicode; rename the file"))?;
        if settings.set_file(id, path).is_err() {
            let files: Vec<&str> = spec.files.iter().map(|file| file.id).collect();
            let known = if files.is_empty() { "it takes none".into() } else { format!("known: {}", files.join(", ")) };
            return Err(Failure::Usage(format!("the effect `{}` takes no file `{id}`; {known}", spec.id)));
        }
    }
    if let Some(file) = spec.files.iter().find(|file| file.required && settings.file(file.id).is_none()) {
        let what = file.name.to_lowercase();
        return Err(Failure::Usage(format!("the effect `{}` needs its {what}: --file {}=FILE", spec.id, file.id)));
    }
    Ok(settings)
}

/// The tables and lists that the addresses speak of: `bells/3/hz` asks for three bells.
fn begin_items(settings: &mut Settings, asked: &BTreeMap<&str, &str>) -> Result<(), Failure> {
    for group in settings.spec().groups {
        let of_group = asked.keys().filter_map(|address| address.strip_prefix(group.id)?.strip_prefix('/'));
        let numbers: Vec<usize> = if group.many() {
            of_group.filter_map(|rest| rest.split_once('/')?.0.parse().ok()).collect()
        } else {
            of_group.map(|_| 1).collect()
        };
        let count = numbers.iter().copied().max().unwrap_or(0);
        if count > group.max {
            return Err(Failure::Usage(format!("`{}` holds at most {}, not {count}", group.id, group.max)));
        }
        if let Some(gap) = (1..count).find(|number| !numbers.contains(number)) {
            let message = format!("`{0}/{count}` is set but not `{0}/{gap}`: they count from 1 without gaps", group.id);
            return Err(Failure::Usage(message));
        }
        for _ in 0..count {
            settings.push(group.id, &[]).map_err(|e| Failure::Usage(e.to_string()))?;
        }
    }
    Ok(())
}

fn unknown(spec: &EffectSpec, address: &str) -> Failure {
    let all = addresses(spec);
    let near = nearest(address, all.iter().map(String::as_str));
    let by_end = || all.iter().map(String::as_str).find(|known| known.rsplit('/').next() == address.rsplit('/').next());
    let help = match (spec.files.iter().find(|file| file.id == address), near.or_else(by_end)) {
        (Some(file), _) => format!("it is a file: --file {}=FILE", file.id),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("`tonmeister rack {}` lists them", spec.id),
    };
    Failure::Usage(format!("the effect `{}` has no parameter `{address}`; {help}", spec.id))
}

/// Every address, lists by their first item.
pub(super) fn addresses(spec: &EffectSpec) -> Vec<String> {
    let mut all: Vec<String> = spec.params.iter().map(|param| param.id.to_owned()).collect();
    for group in spec.groups {
        let prefix = if group.many() { format!("{}/1", group.id) } else { group.id.into() };
        all.extend(group.params.iter().map(|param| format!("{prefix}/{}", param.id)));
    }
    all
}

fn set(settings: &mut Settings, index: ParamIndex, text: &str, tempo_bpm: f64) -> Result<(), String> {
    let (spec, _) = settings.at(index);
    if spec.takes_notes() && text.contains('/') {
        let note: Note = text.parse().map_err(|e: tonmeister_core::note::NoNote| e.to_string())?;
        return settings.set_note(index, note, tempo_bpm).map_err(|e| e.to_string());
    }
    let value = value(spec, text)?;
    settings.set_at(index, value).map_err(|e: ParamError| e.to_string())
}

pub(crate) fn value(spec: &ParamSpec, text: &str) -> Result<f64, String> {
    let refused = || format!("expected {}, found `{text}`", spec.expected());
    match spec.kind {
        ParamKind::Switch => match text {
            "true" => Ok(1.0),
            "false" => Ok(0.0),
            _ => Err(refused()),
        },
        ParamKind::Choice(choices) => {
            let place = choices.iter().position(|choice| choice.id == text);
            place.map(|place| place as f64).ok_or_else(|| match nearest(text, choices.iter().map(|c| c.id)) {
                Some(near) => format!("{}; did you mean `{near}`?", refused()),
                None => refused(),
            })
        }
        ParamKind::Number { .. } | ParamKind::Integer { .. } | ParamKind::Steps(_) => {
            let number: f64 = text.replace('−', "-").parse().map_err(|_| refused())?;
            if number.is_finite() { Ok(number) } else { Err(refused()) }
        }
    }
}

/// Every value, as the document writes it.
pub(super) fn written(settings: &Settings) -> Vec<Setting> {
    let files = settings.spec().files.iter().filter_map(|file| {
        Some(Setting { address: file.id.into(), value: format!("\"{}\"", settings.file(file.id)?) })
    });
    let params = (0..settings.count() as u32).map(ParamIndex).map(|index| {
        let (spec, value) = settings.at(index);
        let note = settings.note(index).map(|note| format!("\"{note}\""));
        let value = note.unwrap_or_else(|| tonmeister_session::written(spec, value));
        Setting { address: settings.address(index), value }
    });
    files.chain(params).collect()
}
