//! Which settings an effect's picture shows.

use tonmeister_core::{EffectSpec, Family, Settings};

/// A line of a picture: what it is called, and the settings that are not the defaults.
pub(super) struct Show {
    label: &'static str,
    settings: &'static [(&'static str, f64)],
}

const fn show(label: &'static str, settings: &'static [(&'static str, f64)]) -> Show {
    Show { label, settings }
}

/// Effects whose defaults do not say enough. The last of the settings is the page's example.
const SHOWS: &[(&str, &[Show])] = &[
    (
        "eq",
        &[
            show("tone", &[("low_shelves/1/gain_db", 4.0), ("high_shelves/1/gain_db", -4.0)]),
            show(
                "a vocal",
                &[
                    ("highpass/hz", 90.0),
                    ("highpass/slope_db_oct", 24.0),
                    ("bells/1/hz", 300.0),
                    ("bells/1/gain_db", -4.0),
                    ("bells/1/q", 1.4),
                    ("bells/2/hz", 3500.0),
                    ("bells/2/gain_db", 3.0),
                    ("high_shelves/1/hz", 10_000.0),
                    ("high_shelves/1/gain_db", 3.0),
                ],
            ),
        ],
    ),
    (
        "compressor",
        &[
            show("2:1", &[("ratio", 2.0)]),
            show("4:1", &[("ratio", 4.0)]),
            show("10:1, fast", &[("threshold_db", -24.0), ("ratio", 10.0), ("attack_ms", 1.0), ("release_ms", 60.0)]),
        ],
    ),
    ("limiter", &[show("gain 0 dB", &[]), show("gain 6 dB", &[("gain_db", 6.0)])]),
    (
        "delay",
        &[
            show("stereo", &[("feedback_percent", 55.0), ("lowpass/hz", 4000.0)]),
            show("ping-pong", &[("mode", 1.0), ("feedback_percent", 70.0), ("time_ms", 250.0), ("lowpass/hz", 5000.0)]),
        ],
    ),
    (
        "graphic",
        &[
            show("smile", &[("gain_31_db", 6.0), ("gain_63_db", 4.0), ("gain_8k_db", 4.0), ("gain_16k_db", 6.0)]),
            show(
                "every other",
                &[
                    ("gain_63_db", 9.0),
                    ("gain_125_db", -9.0),
                    ("gain_250_db", 9.0),
                    ("gain_500_db", -9.0),
                    ("gain_1k_db", 9.0),
                    ("gain_2k_db", -9.0),
                    ("gain_4k_db", 9.0),
                ],
            ),
        ],
    ),
    (
        "graphic_31",
        &[
            show("a room", &[("gain_63_db", -6.0), ("gain_80_db", -4.0), ("gain_200_db", -3.0), ("gain_2k5_db", -5.0)]),
            show("one fader", &[("gain_1k_db", 12.0)]),
        ],
    ),
    (
        "baxandall",
        &[
            show("warmer", &[("bass_db", 6.0), ("treble_db", -4.0)]),
            show("brighter", &[("bass_db", -3.0), ("treble_db", 6.0)]),
        ],
    ),
    (
        "semi_parametric",
        &[
            show("each up", &[("low_db", 6.0), ("low_mid_db", 6.0), ("high_mid_db", 6.0), ("high_db", 6.0)]),
            show("a guitar", &[("highpass/hz", 80.0), ("low_mid_db", -4.0), ("high_mid_db", 3.0), ("high_db", 2.0)]),
        ],
    ),
    (
        "linear_eq",
        &[
            show(
                "a master",
                &[
                    ("highpass/hz", 28.0),
                    ("bells/1/hz", 300.0),
                    ("bells/1/gain_db", -2.0),
                    ("high_shelves/1/gain_db", 2.0),
                ],
            ),
            show("a tilt", &[("tilts/1/slope_db_oct", 1.0)]),
        ],
    ),
    (
        "gate",
        &[
            show("gate", &[("threshold_db", -30.0), ("range_db", 60.0)]),
            show("ducker", &[("mode", 1.0), ("threshold_db", -30.0), ("range_db", 12.0)]),
        ],
    ),
    (
        "expander",
        &[
            show("2:1", &[("threshold_db", -30.0)]),
            show("4:1, 20 dB at most", &[("threshold_db", -30.0), ("ratio", 4.0), ("range_db", 20.0)]),
        ],
    ),
    ("upward_compressor", &[show("2:1", &[]), show("4:1, 20 dB at most", &[("ratio", 4.0), ("range_db", 20.0)])]),
    (
        "clipper",
        &[
            show("hard, 6 dB", &[("gain_db", 6.0), ("knee_percent", 0.0)]),
            show("soft, 6 dB", &[("gain_db", 6.0), ("knee_percent", 100.0)]),
        ],
    ),
    (
        "saturator",
        &[
            show("tape", &[("drive_db", 12.0), ("auto_gain", 0.0)]),
            show("tube", &[("kind", 1.0), ("drive_db", 12.0), ("auto_gain", 0.0)]),
            show("transformer", &[("kind", 2.0), ("drive_db", 12.0), ("auto_gain", 0.0)]),
            show("console", &[("kind", 3.0), ("drive_db", 12.0), ("auto_gain", 0.0)]),
        ],
    ),
    (
        "tape",
        &[show("drive 0 dB", &[("auto_gain", 0.0)]), show("drive 12 dB", &[("drive_db", 12.0), ("auto_gain", 0.0)])],
    ),
    ("rotation", &[show("30° to the right", &[("angle_degrees", 30.0)])]),
    ("stereo_width", &[show("half", &[("width_percent", 50.0)]), show("twice", &[("width_percent", 200.0)])]),
    ("mid_side", &[show("encoded", &[])]),
    ("gain", &[show("−6 dB", &[("gain_db", -6.0)])]),
    ("denoise", &[show("18 dB", &[("memory_seconds", 1.0)])]),
];

/// Adds items until the address is there, and sets it.
fn set(settings: &mut Settings, address: &str, value: f64) -> Result<(), String> {
    let group = address.split('/').next().unwrap_or_default();
    while settings.index_of(address).is_err() {
        settings.push(group, &[]).map_err(|error| format!("{address}: {error}"))?;
    }
    let index = settings.index_of(address).map_err(|error| error.to_string())?;
    settings.set_at(index, value).map_err(|error| error.to_string())
}

/// The settings to draw, each with its name. Errors name a show that no longer fits its effect.
pub(super) fn shows(spec: &'static EffectSpec) -> Result<Vec<(String, Settings)>, String> {
    if let Some((id, shows)) = SHOWS.iter().find(|(id, _)| *id == spec.id) {
        let one = |show: &Show| {
            let mut settings = Settings::new(spec);
            for (address, value) in show.settings {
                set(&mut settings, address, *value).map_err(|error| format!("the page of `{id}`: {error}"))?;
            }
            Ok((show.label.to_string(), settings))
        };
        return shows.iter().map(one).collect();
    }
    let mut all = vec![("defaults".to_string(), Settings::new(spec))];
    // One decay, or one swing, fills its picture.
    let full = matches!(spec.family, Family::Space | Family::Modulation);
    if !spec.groups.is_empty() && !full {
        let mut filled = Settings::new(spec);
        for group in spec.groups {
            let gain = group.params.iter().find(|param| param.id == "gain_db" && param.check(6.0).is_ok());
            let values: Vec<(&str, f64)> = gain.map(|param| (param.id, 6.0)).into_iter().collect();
            filled.push(group.id, &values).map_err(|error| error.to_string())?;
        }
        all.push(("every table filled".into(), filled));
    }
    Ok(all)
}

/// Whether the effects that have shows are all in this rack.
#[cfg(test)]
mod tests {
    use super::SHOWS;

    #[test]
    fn every_show_is_of_an_effect_of_the_rack() {
        for (id, _) in SHOWS {
            assert!(tonmeister_dsp::rack().spec(id).is_some(), "`{id}` has shows and is not in the rack");
        }
    }
}
