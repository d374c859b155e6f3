//! How an installation becomes one of a later version: by the step of each release in between.

/// From one version to the next.
pub struct Step {
    from: &'static str,
    to: &'static str,
    /// With `@extschema@` for the schema, quoted.
    pub text: &'static str,
}

/// A release adds its own: see docs/releasing.md.
pub const STEPS: &[Step] = &[];

/// The steps that lead from one version to another; None: there is a gap.
pub fn path<'a>(steps: &'a [Step], from: &str, to: &str) -> Option<Vec<&'a Step>> {
    let mut path = Vec::new();
    let mut at = from;
    while at != to {
        let step = steps.iter().find(|step| step.from == at)?;
        path.push(step);
        at = step.to;
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_all_releases_in_between_are_taken_in_order() {
        let steps = [("0.1.0", "0.2.0"), ("0.3.0", "0.4.0"), ("0.2.0", "0.3.0")].map(|(from, to)| Step {
            from,
            to,
            text: "",
        });
        let taken =
            |from, to| path(&steps, from, to).map(|path| path.iter().map(|step| step.to).collect::<Vec<_>>());
        assert_eq!(taken("0.1.0", "0.4.0"), Some(vec!["0.2.0", "0.3.0", "0.4.0"]));
        assert_eq!(taken("0.2.0", "0.2.0"), Some(vec![]));
        assert_eq!(taken("0.0.9", "0.4.0"), None);
    }
}
