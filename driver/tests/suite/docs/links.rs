//! Links between the pages, and into the repository.

use crate::common::{Page, repository};

fn pages() -> Vec<Page> {
    let mut pages = Page::docs();
    pages.extend(["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(Page::read));
    pages
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    for page in pages() {
        for link in links(&page.prose()) {
            let (path, heading) = link.split_once('#').unwrap_or((&link, ""));
            let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target = if path.is_empty() { page.path.clone() } else { join(folder, path) };
            assert!(repository().join(&target).exists(), "{}: there is no {target}", page.path);
            let found =
                heading.is_empty() || anchors(&Page::read(&target)).iter().any(|known| known == heading);
            assert!(found, "{}: {target} has no heading #{heading}", page.path);
        }
    }
}

#[test]
fn every_page_of_the_docs_is_reached_from_the_readme() {
    let links = links(&Page::read("README.md").prose());
    for Page { path, .. } in Page::docs() {
        assert!(links.iter().any(|link| link.split('#').next() == Some(&path)), "{path}");
    }
}

#[test]
fn the_readme_is_read_in_five_minutes() {
    let lines = Page::read("README.md").text.lines().count();
    assert!(lines <= 180, "it has {lines} lines: what is more belongs into docs/");
}

/// Within the repository.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).filter(|target| !target.contains("://")).collect()
}

fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => parts.truncate(parts.len().saturating_sub(1)),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// As the hosts of repositories make them of headings.
fn anchors(page: &Page) -> Vec<String> {
    let prose = page.prose();
    let headings = prose
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    headings.map(anchor).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
