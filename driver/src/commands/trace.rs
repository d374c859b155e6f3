//! Says whose tokens leaked: a row for each token of a list.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

use crate::cli::{Trace, TraceFormat};
use crate::console::note;
use crate::error::Error;
use crate::exit::Exit;
use crate::key::Key;
use crate::leaked::{ListFile, LookUp, Outcome, Summary};
use crate::session::Session;

pub fn trace(session: &mut Session, options: &Trace) -> Result<Exit, Error> {
    let file = ListFile { path: &options.leaked, column: options.column.as_ref() };
    let mut look_up = LookUp::begin(session, file)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut summary = Summary::default();
    if options.format == TraceFormat::Csv {
        writeln!(out, "line,state,key,run_id,retired_at")?;
    }
    while let Some(outcomes) = look_up.next(session)? {
        for (line, outcome) in outcomes {
            writeln!(out, "{}", row(line, &outcome, options.format))?;
            summary.add(&outcome);
        }
        out.flush()?;
    }
    summary.end(&look_up);
    note(&summary.text());
    Ok(Exit::Finished)
}

fn row(line: u64, outcome: &Outcome, format: TraceFormat) -> String {
    let (state, key, retired) = (outcome.state(), outcome.key(), outcome.retired.as_ref());
    match format {
        TraceFormat::Text => format!("line {line}: {}", in_words(outcome)),
        TraceFormat::Csv => {
            let run = retired.map(|it| it.run_id.to_string()).unwrap_or_default();
            let (key, at) = (key.map(Key::to_string).unwrap_or_default(), retired.map_or("", |it| &it.at));
            format!("{line},{state},{key},{run},{at}")
        }
        TraceFormat::Json => json!({
            "line": line,
            "state": state,
            "key": key.map(Value::from),
            "run_id": retired.map(|it| it.run_id),
            "retired_at": retired.map(|it| &it.at),
        })
        .to_string(),
    }
}

fn in_words(outcome: &Outcome) -> String {
    let retired = outcome.retired.as_ref();
    let retired = retired.map(|it| format!("retired by run {}, ticket {}, {}", it.run_id, it.key, it.at));
    match (&outcome.live, retired) {
        (Some(key), Some(retired)) => format!("IN USE by ticket {key} again, {retired}"),
        (Some(key), None) => format!("IN USE by ticket {key}"),
        (None, Some(retired)) => retired,
        (None, None) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaked::Retired;

    #[test]
    fn a_row_has_a_place_for_all_that_may_be_known() {
        let retired = Retired { run_id: 1, key: Key::Number(7), at: "2025-11-03T10:07:00+00:00".to_owned() };
        let outcomes = [
            Outcome::default(),
            Outcome { live: Some(Key::Number(8)), retired: None },
            Outcome { live: None, retired: Some(retired.clone()) },
            Outcome { live: Some(Key::Number(8)), retired: Some(retired) },
        ];
        let rows = |format| outcomes.iter().map(|outcome| row(3, outcome, format)).collect::<Vec<_>>();
        let csv = ["3,unknown,,,", "3,live,8,,", "3,retired,7,1,2025-11-03T10:07:00+00:00"];
        assert_eq!(rows(TraceFormat::Csv)[..3], csv);
        let text = rows(TraceFormat::Text);
        assert_eq!(text[..2], ["line 3: unknown", "line 3: IN USE by ticket 8"]);
        assert_eq!(text[2], "line 3: retired by run 1, ticket 7, 2025-11-03T10:07:00+00:00");
        let json = r#"{"line":3,"state":"live","key":8,"run_id":1,"retired_at":"2025-11-03T10:07:00+00:00"}"#;
        assert_eq!(rows(TraceFormat::Json)[3], json);
    }
}
