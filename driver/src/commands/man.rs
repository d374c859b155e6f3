//! Manual pages, from the same text as `--help`.

use std::path::Path;
use std::{fs, io};

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::Cli;
use crate::error::Error;
use crate::exit::Exit;

pub fn man(directory: &Path) -> Result<Exit, Error> {
    fs::create_dir_all(directory).map_err(|error| named(directory, &error))?;
    for page in pages() {
        let path = directory.join(page.name);
        fs::write(&path, page.text?).map_err(|error| named(&path, &error))?;
    }
    Ok(Exit::Finished)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

struct Page {
    name: String,
    text: io::Result<Vec<u8>>,
}

fn pages() -> Vec<Page> {
    with_all_below(&built()).iter().map(page).collect()
}

fn built() -> clap::Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

fn with_all_below(command: &clap::Command) -> Vec<clap::Command> {
    let below = command.get_subcommands().flat_map(with_all_below);
    std::iter::once(command.clone()).chain(below).collect()
}

fn page(command: &clap::Command) -> Page {
    // Its usage, as --help has it: the list of all options, without their values, tells nobody anything.
    let usage = command.clone().render_usage().to_string();
    let command = command.clone().override_usage(usage.replacen("Usage:", "", 1));
    // A version where a date is usual: the field has to be filled, and every build makes the same page.
    let version = concat!("version ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).date(version).source("ticket_ext").manual("User Commands");
    Page { name: man.get_filename(), text: render(&man, &command) }
}

fn render(man: &Man, command: &clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    // Names of options and settings are read as they are, and copied: neither hyphenated nor spaced out.
    page.extend_from_slice(b".nh\n.ad l\n");
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut rest = Roff::new();
    after_help(&mut rest, command);
    if !command.has_subcommands() {
        rest.control("SH", ["SEE ALSO"])
            .text([bold("rotate-driver"), roman("(1): environment, signals, exit codes")]);
    }
    rest.to_writer(&mut page)?;
    Ok(page)
}

/// What follows the options in `--help`: a section begins at the margin, an entry behind two spaces, its
/// explanation in another column.
fn after_help(roff: &mut Roff, command: &clap::Command) {
    let text = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    for line in text.unwrap_or_default().lines() {
        if let Some(heading) = line.strip_suffix(':').filter(|line| !line.starts_with(' ')) {
            roff.control("SH", [heading.to_uppercase().as_str()]);
        } else if line.starts_with("   ") {
            roff.text([roman(line.trim())]);
        } else if let Some(entry) = line.strip_prefix("  ") {
            write_entry(roff, entry);
        }
    }
}

fn write_entry(roff: &mut Roff, entry: &str) {
    match entry.split_once("  ") {
        Some((term, explanation)) => {
            roff.control("TP", []).text([bold(term)]).text([roman(explanation.trim())]);
        }
        None if entry.starts_with("rotate-driver ") => {
            roff.control("TP", []).text([bold(entry)]);
        }
        None => {
            roff.control("PP", []).text([roman(entry)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn each_command_has_a_page_with_examples() {
        let pages = pages();
        for name in
            ["rotate-driver.1", "rotate-driver-run.1", "rotate-driver-guard-on.1", "rotate-driver-man.1"]
        {
            assert!(pages.iter().any(|page| page.name == name), "{name}");
        }
        for page in pages {
            let text = String::from_utf8(page.text.unwrap()).unwrap();
            for heading in [".SH NAME", ".SH SYNOPSIS", ".SH EXAMPLES\n.TP\n\\fBrotate\\-driver"] {
                assert!(text.contains(heading), "{}: {heading}", page.name);
            }
        }
    }

    #[test]
    fn a_group_of_options_has_a_heading_of_its_own() {
        let page = pages().into_iter().find(|page| page.name == "rotate-driver-run.1").unwrap();
        let text = String::from_utf8(page.text.unwrap()).unwrap();
        let throttles = text.split(".SH ").find(|section| section.starts_with("THROTTLES")).unwrap();
        assert!(throttles.contains("max\\-active") && !throttles.contains("dry\\-run"));
    }

    #[test]
    fn every_example_is_a_command_line() {
        let texts = with_all_below(&built());
        let texts =
            texts.iter().filter_map(|command| command.get_after_long_help().or(command.get_after_help()));
        let texts: Vec<String> = texts.map(ToString::to_string).collect();
        let lines =
            texts.iter().flat_map(|text| text.lines().filter(|line| line.starts_with("  rotate-driver ")));
        let mut count = 0;
        for line in lines {
            let line = line.trim().split("  ").next().unwrap();
            let words = shlex::split(line).unwrap();
            let words = words.into_iter().take_while(|word| !["<", ">"].contains(&word.as_str()));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
            count += 1;
        }
        assert!(count > 30, "{count}");
    }
}
