//! The verb *desk*: controls turned by hand (link groups go along), scenes put by and recalled, stretches of automation
//! copied, moved, cut, scaled and thinned. The document changes as a whole or not at all, and keeps every byte that it is not about.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::Automatable;
use tonmeister_core::diagnostic::nearest;
pub use tonmeister_session::Recall;
use tonmeister_session::lane::Reshape;
use tonmeister_session::model::{Song, StripAt, Target};
use tonmeister_session::{Edit, Named, SceneSort, written};

use crate::failure::{Failure, Finding};
use crate::mix::Spot;
use crate::process::value;
use crate::record::control;
use crate::world::World;

/// What is done by hand.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskAction {
    /// Turns controls: `vocal/fader_db=-3`, `drums/mute=true`, `bass/fader_db+=0.5`.
    Set(Vec<String>),
    /// Puts the state of strips by, under that id; in the place of an older scene of the id.
    Store {
        /// The scene.
        scene: String,
        /// As a person reads it.
        title: Option<String>,
        /// What of the desk.
        what: Recall,
    },
    /// Brings a scene back.
    Recall {
        /// The scene.
        scene: String,
        /// What of it.
        what: Recall,
    },
    /// Does something to a stretch of the automation of controls.
    Reshape {
        /// Which: `vocal/fader_db`.
        controls: Vec<String>,
        /// Where the stretch begins.
        from: Spot,
        /// Where it ends.
        to: Spot,
        /// What becomes of it.
        how: Stretched,
    },
}

/// What becomes of a stretch of automation.
#[derive(Clone, Debug, PartialEq)]
pub enum Stretched {
    /// It is laid over what is at another place, too.
    Copied(Spot),
    /// It goes to another place.
    Moved(Spot),
    /// A straight line takes its place.
    Cut,
    /// Each value times a number, and a number added.
    Scaled {
        /// The factor.
        by: f64,
        /// What is added, in the control's unit.
        add: f64,
    },
    /// It has as few points as stay within this, in the control's unit.
    Thinned(f64),
}

/// What was changed.
#[derive(Clone, Debug, Serialize)]
pub struct DeskReport {
    /// The document that was changed.
    pub song: PathBuf,
    /// Each value that is another now.
    pub turned: Vec<Turned>,
    /// Each lane that is another now.
    pub lanes: Vec<Reshaped>,
    /// The scene that was put by.
    pub stored: Option<Stored>,
    /// Whether anything is otherwise now.
    pub changed: bool,
    /// What was odd about the document.
    pub warnings: Vec<Finding>,
}

/// A control that stands otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turned {
    /// Its address.
    pub address: String,
    /// As the document writes it, before and now.
    pub values: [String; 2],
    /// Whether it was turned because it is linked with one that was asked for.
    pub linked: bool,
}

/// A lane of which a stretch is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reshaped {
    /// Its control.
    pub control: String,
    /// How many points it had, and has.
    pub points: [usize; 2],
}

/// A scene that was put by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Its id.
    pub scene: String,
    /// How many values it holds.
    pub values: usize,
    /// Whether an older one of that id gave way.
    pub replaced: bool,
}

impl World {
    /// Does by hand what the action says, in the document.
    pub fn desk(&self, path: &Path, action: &DeskAction) -> Result<DeskReport, Failure> {
        let (mut document, warnings) = self.open_document(path)?;
        let song = document.song().clone();
        let mut report = DeskReport {
            song: path.into(),
            turned: Vec::new(),
            lanes: Vec::new(),
            stored: None,
            changed: false,
            warnings,
        };
        let mut named = Vec::new();
        let edit = match action {
            DeskAction::Set(all) => {
                let mut now = song.clone();
                for one in all {
                    let (address, edit) = turned(&now, one)?;
                    // Links follow what stands before, one turn after the other.
                    document.apply(&now.linked(&edit)).map_err(|diagnostic| Failure::Document {
                        path: path.into(),
                        text: document.to_text(),
                        diagnostics: vec![diagnostic],
                    })?;
                    now = document.song().clone();
                    named.push(address);
                }
                Edit::Together(Vec::new())
            }
            DeskAction::Store { scene, title, what } => {
                check(&song, what)?;
                let at = song.scenes.iter().position(|other| other.id == *scene);
                let mut stored = song.stored(scene.clone(), what);
                stored.title = title.clone().or_else(|| at.and_then(|at| song.scenes[at].title.clone()));
                let values = stored.set.len() + stored.bypass.len() + stored.enable.len();
                report.stored = Some(Stored { scene: scene.clone(), values, replaced: at.is_some() });
                let named = Named::Scene(stored);
                match at {
                    Some(_) => Edit::SetNamed { named },
                    None => Edit::AddNamed { at: song.scenes.len(), named },
                }
            }
            DeskAction::Recall { scene, what } => {
                check(&song, what)?;
                song.recall(scene, what).map_err(crate::mix::no_version)?
            }
            DeskAction::Reshape { controls, from, to, how } => {
                let (from_s, to_s) = (from.seconds(&song, false)?, to.seconds(&song, true)?);
                if to_s <= from_s {
                    let message =
                        format!("nothing lies between {from_s:.3} s and {to_s:.3} s; --to comes after --from");
                    return Err(Failure::Usage(message));
                }
                let how = how.reshape(&song)?;
                let edits = controls.iter().map(|address| lane(&song, address, (from_s, to_s), how));
                Edit::Together(edits.collect::<Result<_, _>>()?)
            }
        };
        World::change(path, &mut document, &edit)?;
        report.changed = document.song() != &song;
        let now = document.song();
        report.turned = changes(&song, now, &named);
        if let DeskAction::Reshape { controls, .. } = action {
            let points = |song: &Song, address: &str| {
                song.target(address)
                    .and_then(|(at, target)| Some(song.strip(at).lane(target)?.points.len()))
                    .unwrap_or(0)
            };
            let lanes = controls.iter().map(|control| {
                let points = [points(&song, control), points(now, control)];
                Reshaped { control: control.clone(), points }
            });
            report.lanes = lanes.collect();
        }
        Ok(report)
    }
}

/// The words of [`SceneSort`], as they are typed.
pub const SORTS: [(&str, SceneSort); 6] = [
    ("faders", SceneSort::Faders),
    ("mutes", SceneSort::Mutes),
    ("pans", SceneSort::Pans),
    ("sends", SceneSort::Sends),
    ("inserts", SceneSort::Inserts),
    ("inputs", SceneSort::Inputs),
];

/// That the strips are there.
fn check(song: &Song, what: &Recall) -> Result<(), Failure> {
    for id in what.strips.iter().flatten() {
        if song.find(id).is_none() {
            return Err(Failure::Usage(no_strip(song, id)));
        }
    }
    Ok(())
}

/// Says that there is no such strip, and which is near.
pub(crate) fn no_strip(song: &Song, id: &str) -> String {
    let ids = song.strips().map(|at| song.id(at)).chain(song.vcas.iter().map(|vca| vca.id.as_str()));
    let help = nearest(id, ids).map_or("name a track, a bus or a VCA".into(), |near| format!("did you mean `{near}`?"));
    format!("there is no track, bus or VCA `{id}`; {help}")
}

/// The edit that `address=value`, `address+=value` or `address-=value` asks for.
fn turned(song: &Song, text: &str) -> Result<(String, Edit), Failure> {
    let form = || {
        let message = format!("`{text}` turns nothing: write ADDRESS=VALUE, ADDRESS+=VALUE or ADDRESS-=VALUE");
        Failure::Usage(message)
    };
    let (address, wanted) = text.split_once('=').ok_or_else(form)?;
    let (address, sign) = match (address.strip_suffix('+'), address.strip_suffix('-')) {
        (Some(address), _) => (address, Some(1.0)),
        (_, Some(address)) => (address, Some(-1.0)),
        _ => (address, None),
    };
    let (at, target) = song.target(address).ok_or_else(|| match control(song, address) {
        Err(failure) => failure,
        Ok(_) => form(),
    })?;
    let strip = song.strip(at);
    let spec = strip.target_spec(target);
    let refuse = |message: String| Failure::Usage(format!("{text}: {message}"));
    if strip.lane(target).is_some_and(|lane| !lane.points.is_empty()) {
        let own = format!("`{address}` is moved by automation, whatever is written; turn");
        return Err(refuse(match target {
            Target::Strip(_) if address.ends_with("/fader_db") => {
                format!("{own} `fader_trim_db`, or the lane with `desk scale {address} --add …`")
            }
            _ => format!("{own} the lane with `desk scale {address} --add …`"),
        }));
    }
    let value = match sign {
        None => value(spec, wanted).map_err(refuse)?,
        Some(_) if spec.automatable == Automatable::Stepped => {
            return Err(refuse("it is switched, so nothing can be added to it".into()));
        }
        Some(sign) => {
            let by: f64 = wanted.parse().map_err(|_| refuse(format!("expected a number, found `{wanted}`")))?;
            // As it is read: sums of decimals have no long tail.
            ((strip.value(target) + sign * by) * 1e9).round() / 1e9
        }
    };
    spec.check(value).map_err(|e| refuse(e.to_string()))?;
    Ok((address.to_owned(), Edit::SetParam { address: address.to_owned(), value }))
}

/// The edit of one lane.
fn lane(song: &Song, address: &str, (from_s, to_s): (f64, f64), how: Reshape) -> Result<Edit, Failure> {
    let (at, target) = control(song, address)?;
    if song.strip(at).lane(target).is_none_or(|lane| lane.points.is_empty()) {
        return Err(Failure::Usage(format!("`{address}` has no points of automation; there is nothing to change")));
    }
    let local = address.split_once('/').map_or("", |(_, local)| local);
    Ok(Edit::ReshapeAutomation { strip: song.id(at).to_owned(), target: local.to_owned(), from_s, to_s, how })
}

impl Stretched {
    fn reshape(&self, song: &Song) -> Result<Reshape, Failure> {
        let finite = |number: f64| match number {
            number if number.is_finite() && number.abs() <= 1e6 => Ok(number),
            _ => Err(Failure::Usage(format!("{number} is no number to scale or thin by"))),
        };
        Ok(match self {
            Stretched::Copied(at) => Reshape::Copy { to_s: at.seconds(song, false)? },
            Stretched::Moved(at) => Reshape::Move { to_s: at.seconds(song, false)? },
            Stretched::Cut => Reshape::Cut,
            Stretched::Scaled { by, add } => Reshape::Scale { by: finite(*by)?, add: finite(*add)? },
            Stretched::Thinned(error) => Reshape::Thin { max_error: finite(*error)?.max(0.0) },
        })
    }
}

/// Every value of strips, sends and inserts that is another.
fn changes(before: &Song, now: &Song, named: &[String]) -> Vec<Turned> {
    let mut all = Vec::new();
    let strips = before.strips().chain((0..before.vcas.len()).map(StripAt::Vca));
    for at in strips {
        let (old, new) = (before.strip(at), now.strip(at));
        for (local, target) in before.settable(at) {
            let (was, is) = (old.value(target), new.value(target));
            let spec = old.target_spec(target);
            if was != is {
                let address = format!("{}/{local}", before.id(at));
                let linked = !named.is_empty() && !named.contains(&address);
                all.push(Turned { address, values: [written(spec, was), written(spec, is)], linked });
            }
        }
        for (old, new) in old.inserts.iter().zip(&new.inserts).filter(|(old, new)| old.bypass != new.bypass) {
            let values = [old.bypass, new.bypass].map(|bypass| bypass.to_string());
            all.push(Turned { address: format!("{}/{}/bypass", before.id(at), old.id), values, linked: false });
        }
    }
    all
}
