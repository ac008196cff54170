//! The corridor that comes with the program is what the material says.

mod common;

use tonmeister_measure::spectrum::{BandLevels, BandMeter, Corridor};

/// The bands of a corridor in a line each, to be pasted where they live.
fn table(corridor: &Corridor) -> String {
    let row = |b: &tonmeister_measure::spectrum::CorridorBand| {
        format!("    ({:?}, {:.1}, {:.1}),\n", b.nominal_hz, b.middle_db, b.high_db - b.middle_db)
    };
    corridor.bands.iter().map(row).collect()
}

/// Of the 22 releases themselves, 27 of 31 bands and more lie within, in each but the most peculiar (chip music, drones).
#[test]
fn free_releases_are_where_the_corridor_is() {
    let Some(folder) = common::material("finished") else { return };
    let levels: Vec<BandLevels> = common::files(&folder, &["ogg"])
        .iter()
        .map(|path| {
            let (rate, sound) = common::read(path);
            let mut meter = BandMeter::new(rate, sound.layout());
            let (middle, reach) = (sound.frames() / 2, 10 * rate as usize);
            meter.push(sound.view(sound.frames()).part(middle.saturating_sub(reach), middle + reach));
            meter.finish()
        })
        .collect();
    assert_eq!(levels.len(), 22);
    let found = Corridor::of_references("found", &levels).unwrap();
    let told = Corridor::free_releases();
    let same = found.bands.iter().zip(&told.bands).all(|(f, t)| {
        f.nominal_hz == t.nominal_hz && (f.middle_db - t.middle_db).abs() < 0.06 && (f.high_db - t.high_db).abs() < 0.11
    });
    assert!(same && found.bands.len() == told.bands.len(), "the table should be:\n{}", table(&found));
    let inside: Vec<usize> =
        levels.iter().map(|l| told.fit(l).unwrap().bands.iter().filter(|b| b.outside_db == 0.0).count()).collect();
    let all: usize = inside.iter().sum();
    eprintln!("bands within, of 31: {inside:?}");
    assert!(all as f64 / (22.0 * 31.0) > 0.8, "{inside:?}");
}
