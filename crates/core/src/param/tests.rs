use super::*;

const SPEC: EffectSpec = EffectSpec {
    id: "test",
    name: "Test",
    family: Family::Utility,
    summary: "",
    doc: "",
    params: &[
        ParamSpec::number("threshold_db", "Threshold", Unit::Db, (-60.0, 0.0), -18.0, ""),
        ParamSpec::switch("on", "On", true, ""),
    ],
    groups: &[
        GroupSpec {
            id: "highpass",
            name: "High-pass",
            max: 1,
            params: &[ParamSpec::number("hz", "Frequency", Unit::Hz, (10.0, 20_000.0), 30.0, "")],
            doc: "",
        },
        GroupSpec {
            id: "bells",
            name: "Bell",
            max: 2,
            params: &[
                ParamSpec::number("hz", "Frequency", Unit::Hz, (10.0, 20_000.0), 1000.0, ""),
                ParamSpec::number("gain_db", "Gain", Unit::Db, (-24.0, 24.0), 0.0, ""),
            ],
            doc: "",
        },
    ],
    files: &[],
    stereo_only: false,
    key: crate::param::KeyUse::None,
    sources: &[],
};

#[test]
fn addresses_and_numbers_are_inverse() {
    let mut settings = Settings::new(&SPEC);
    settings.push("bells", &[("hz", 62.0)]).unwrap();
    settings.push("bells", &[("gain_db", -4.0)]).unwrap();
    settings.push("highpass", &[]).unwrap();
    let expected =
        ["threshold_db", "on", "highpass/hz", "bells/1/hz", "bells/1/gain_db", "bells/2/hz", "bells/2/gain_db"];
    assert_eq!(settings.addresses().collect::<Vec<_>>(), expected);
    for (i, address) in expected.iter().enumerate() {
        assert_eq!(settings.index_of(address), Ok(ParamIndex(i as u32)));
    }
    assert_eq!(settings.at(ParamIndex(6)).1, -4.0);
}

#[test]
fn values_outside_the_range_are_refused_with_what_is_expected() {
    let mut settings = Settings::new(&SPEC);
    let error = settings.set("threshold_db", 3.0).unwrap_err();
    assert_eq!(error.to_string(), "`threshold_db` is a number from -60 to 0 dB, not 3");
    assert!(settings.set("threshold_db", f64::NAN).is_err());
    assert!(settings.set("treshold_db", -3.0).is_err());
    settings.push("highpass", &[]).unwrap();
    assert_eq!(settings.push("highpass", &[]), Err(ParamError::TooMany { id: "highpass", max: 1 }));
}

#[test]
fn notes_follow_the_tempo_until_a_number_takes_their_place() {
    let mut settings = Settings::new(&SPEC).with_item("highpass", &[]).with_item("bells", &[]);
    let index = settings.index_of("highpass/hz").unwrap();
    let note: Note = "1/64".parse().unwrap();
    settings.set_note(index, note, 150.0).unwrap();
    assert_eq!((settings.note(index), settings.at(index).1), (Some(note), 40.0));
    settings.follow(75.0).unwrap();
    assert_eq!(settings.at(index).1, 20.0);
    let refused = settings.follow(30.0).unwrap_err().to_string();
    assert_eq!(refused, "`hz` cannot be \"1/64\": at 30 BPM that is 8 Hz, and it takes a number from 10 to 20000 Hz");
    assert!(settings.clone().set_note(ParamIndex(0), note, 120.0).is_err(), "decibels are no time");
    settings.set_at(index, 100.0).unwrap();
    assert_eq!(settings.note(index), None);
}
