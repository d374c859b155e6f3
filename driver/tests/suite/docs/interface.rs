//! The reference pages name all that there is: options of the driver, objects of the extension, exit codes.

use crate::common::{Database, Page};

#[track_caller]
fn assert_named(page: &Page, name: &str) {
    let named = page.text.split(|c: char| !c.is_alphanumeric() && !"-_".contains(c)).any(|word| word == name);
    assert!(named, "{} does not name {name}", page.path);
}

/// Each stands behind two spaces, its words behind more.
fn commands(help: &str) -> Vec<&str> {
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let lines = list.unwrap_or_default().lines().filter_map(|line| line.strip_prefix("  "));
    let names = lines.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next());
    names.filter(|name| *name != "help").collect()
}

fn assert_all_named(page: &Page, database: &Database, command: &[&str]) {
    let help = database.complete(&[command, &["--help"]].concat()).stdout;
    let words = help.split_whitespace().map(|word| word.trim_end_matches([',', '.', ':', ';', ')']));
    let options = words.filter(|word| word.starts_with("--") && *word != "--help");
    options.for_each(|option| assert_named(page, option));
    for name in commands(&help) {
        assert_named(page, name);
        assert_all_named(page, database, &[command, &[name]].concat());
    }
}

#[test]
fn the_drivers_page_names_every_command_and_option() {
    let (database, page) = (Database::create_empty(), Page::read("docs/driver.md"));
    assert!(commands(&database.complete(&["--help"]).stdout).len() > 8, "they are found");
    assert_all_named(&page, &database, &[]);
}

#[test]
fn the_drivers_page_names_every_exit_code() {
    let (help, page) = (Database::create_empty().complete(&["--help"]).stdout, Page::read("docs/driver.md"));
    let codes = help.split("Exit codes:").nth(1).expect("a list of exit codes");
    let numbers = codes.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    numbers.for_each(|number| assert!(page.text.contains(&format!("| {number} | ")), "exit code {number}"));
}

#[test]
fn the_page_on_sql_names_every_object_of_the_extension_and_every_column_that_people_read() {
    let (database, page) = (Database::create(), Page::read("docs/sql.md"));
    let names = database.one(include_str!("objects.sql"));
    assert!(names.split(' ').count() > 30, "{names}");
    names.split(' ').for_each(|name| assert_named(&page, name));
}

#[test]
fn the_page_on_sql_names_every_field_that_a_format_can_have() {
    let (database, page) = (Database::with_tickets(10), Page::read("docs/sql.md"));
    let said = database.end(&["run", "--format", "{nothing:1}"], 1).stderr;
    let fields = said.split('{').filter_map(|rest| Some(rest.split_once('}')?.0));
    let fields: Vec<&str> = fields.filter(|field| field.ends_with(":n") && *field != "bytes:n").collect();
    assert!(fields.len() > 8, "{said}");
    fields.iter().for_each(|field| assert!(page.text.contains(&format!("{{{field}}}")), "{field}"));
}
