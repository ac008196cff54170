//! `tonmeister measure --meters`: what needles reached.

use tonmeister::{Highest, Needle, Needles};

use crate::table::{BAD, FAINT, GOOD, STRONG, Side, Table, duration, number, quantity, styled};

/// The table of one file.
pub(crate) fn told(needles: &Needles) -> String {
    let table = table(&needles.channel_names, &needles.meters);
    format!("\n{}\n\n{table}", styled(STRONG, needles.path.display()))
}

/// What needles reached, a column for each channel.
pub(crate) fn table(channels: &[String], needles: &[Needle]) -> String {
    let mut heads = vec![("needle", Side::Left)];
    heads.extend(channels.iter().map(|name| (name.as_str(), Side::Right)));
    heads.extend([("highest at", Side::Right), ("in the red", Side::Right)]);
    let mut table = Table::new(&heads);
    for meter in needles {
        let mut row = vec![meter.title.to_owned()];
        row.extend(meter.highest.iter().map(|high| reading(meter, high)));
        let most = meter.highest.iter().filter(|high| high.db.is_some());
        let most = most.max_by(|a, b| a.db.unwrap_or(f64::MIN).total_cmp(&b.db.unwrap_or(f64::MIN)));
        row.push(most.map_or_else(|| "–".into(), |high| styled(FAINT, duration(high.at_s))));
        row.push(match meter.over_s {
            None => String::new(),
            Some(0.0) => styled(GOOD, "never"),
            Some(over) => styled(BAD, quantity(over, 1, "s")),
        });
        table.row(row);
    }
    table.text()
}

/// "+2.1 VU"; of numbered marks also the number.
fn reading(meter: &Needle, high: &Highest) -> String {
    let Some(db) = high.db else { return "–".into() };
    match high.mark {
        Some(mark) => number(mark, 1),
        None => quantity(db, 1, meter.unit),
    }
}
