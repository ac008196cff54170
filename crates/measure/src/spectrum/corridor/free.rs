//! The corridor that comes with the program.

use super::{Corridor, CorridorBand};

/// Middle of the thirds from 20 Hz to 20 kHz, and half the width.
const BANDS: [(f64, f64, f64); 31] = [
    (20.0, -35.9, 19.3),
    (25.0, -32.2, 21.8),
    (31.5, -28.4, 22.7),
    (40.0, -25.1, 20.1),
    (50.0, -21.3, 21.5),
    (63.0, -17.8, 21.9),
    (80.0, -14.9, 18.0),
    (100.0, -14.3, 15.6),
    (125.0, -15.5, 14.9),
    (160.0, -14.5, 13.4),
    (200.0, -13.6, 12.7),
    (250.0, -13.4, 5.7),
    (315.0, -12.9, 5.8),
    (400.0, -13.4, 5.8),
    (500.0, -15.1, 7.2),
    (630.0, -16.0, 6.4),
    (800.0, -17.6, 6.7),
    (1000.0, -17.9, 7.0),
    (1250.0, -18.9, 8.0),
    (1600.0, -19.9, 8.0),
    (2000.0, -21.5, 8.2),
    (2500.0, -22.0, 9.0),
    (3150.0, -23.8, 9.5),
    (4000.0, -25.2, 11.3),
    (5000.0, -26.8, 13.9),
    (6300.0, -28.2, 15.1),
    (8000.0, -29.0, 14.9),
    (10000.0, -30.4, 15.7),
    (12500.0, -33.1, 15.8),
    (16000.0, -40.2, 18.0),
    (20000.0, -53.2, 13.2),
];

pub(super) fn corridor() -> Corridor {
    let band = |(nominal_hz, middle_db, half): (f64, f64, f64)| CorridorBand {
        nominal_hz,
        low_db: middle_db - half,
        middle_db,
        high_db: middle_db + half,
    };
    Corridor {
        name: "free releases".into(),
        source:
            "mean ±1.5 standard deviations of 22 freely licensed releases (orchestral, folk, electronic, rock, chip, \
                 piano), twenty seconds out of the middle of each as decoded from Ogg Vorbis, measured by this program"
                .into(),
        bands: BANDS.map(band).into(),
    }
}
