//! Connection strings as they get broken: by a framework, a shell, an env file, a slip of the hand.
//!
//! One slip at a time; and not the one that nobody can see: a URL without the colon before its password has a
//! longer user name.

use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};

/// Part of every password here, several times in most.
pub const SECRET: &str = "S3CR3T";

/// Legal ones. `{}` is the password.
const URLS: [&str; 5] = [
    "postgresql://ann:{}@127.0.0.1:1/app",
    "postgres://ann:{}@127.0.0.1:1/app?sslmode=disable&connect_timeout=2",
    "postgresql:///app?user=ann&password={}&port=1",
    "postgresql://ann:{}@/app?port=1&sslmode=disable",
    "postgresql://ann@127.0.0.1/app?sslmode=require&sslpassword={}",
];

const CONNINFO: [&str; 4] = [
    "user=ann password={} port=1 dbname=app",
    "user=ann password='{}' port=1 dbname='my app' sslmode=disable",
    "password={} user=ann port=1",
    "user = ann port = 1 sslpassword = {} dbname = app",
];

/// Between two secrets: what is special in a URL, in a conninfo string or in a shell.
pub const BETWEEN: [&str; 24] = [
    "", "/", "?", "#", "@", ":", "&", "=", ";", ",", "%", "+", " ", "'", "\"", "\\", "[", "]", "@h/", "?a=",
    "&b=", "%40", "%00", "://",
];

const WRAPS: [&str; 18] = [
    "\"{}\"",
    "'{}'",
    "`{}`",
    "\"{}",
    "{}\"",
    "{};",
    "<{}>",
    " {} ",
    "{}\r",
    "{}\n",
    "jdbc:{}",
    "psql {}",
    "psql '{}'",
    "DATABASE_URL={}",
    "export DATABASE_URL={}",
    "url: {}",
    "{\"url\":\"{}\"}",
    "postgres://{}",
];

const SCHEMES: [&str; 10] = [
    "postgis://",
    "postgresql+asyncpg://",
    "mysql+pymysql://",
    "postgress://",
    "postgresql:/",
    "postgresql:",
    "postgresql//",
    "://",
    "//",
    "",
];

const CHARACTERS: &str = "/?#@:&=;,%+ '\"\\[]x0\t";

pub fn url() -> impl Strategy<Value = String> {
    broken(&URLS)
}

pub fn conninfo() -> impl Strategy<Value = String> {
    broken(&CONNINFO)
}

fn broken(strings: &'static [&'static str]) -> impl Strategy<Value = String> {
    let legal = || select(strings).prop_map(|string| string.replace("{}", SECRET));
    let wrapped =
        (select(&WRAPS[..]), unbroken(strings)).prop_map(|(wrap, string)| wrap.replace("{}", &string));
    let renamed = (select(&SCHEMES[..]), unbroken(strings)).prop_map(|(scheme, string)| {
        let rest = string.split_once("://").map_or(&*string, |(_scheme, rest)| rest);
        format!("{scheme}{rest}")
    });
    prop_oneof![2 => unbroken(strings), 1 => wrapped, 1 => renamed, 1 => cut(legal()), 2 => edited(legal())]
}

/// Unbroken but for what its password may do to it.
pub fn whole() -> impl Strategy<Value = String> {
    prop_oneof![unbroken(&URLS), unbroken(&CONNINFO)]
}

fn unbroken(strings: &'static [&'static str]) -> impl Strategy<Value = String> {
    (select(strings), password()).prop_map(|(string, password)| string.replace("{}", &password))
}

/// `host:port:database:user:password`, broken.
pub fn passfile_line() -> impl Strategy<Value = String> {
    let line = || password().prop_map(|password| format!("*:*:*:ann:{password}"));
    prop_oneof![edited(line()), cut(line())]
}

fn password() -> impl Strategy<Value = String> {
    (select(&BETWEEN[..]), 1..=3usize).prop_map(|(between, times)| [SECRET; 3][..times].join(between))
}

/// Its beginning or its end is missing, but not all that shows that it is a connection string.
fn cut(strings: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (strings, any::<Index>(), any::<bool>()).prop_map(|(string, at, end)| {
        let at = at.index(string.len());
        let secret = string.find(SECRET).unwrap_or_default();
        if end { string[at.min(secret - 1)..].to_owned() } else { string[..at].to_owned() }
    })
}

/// One character too many, too few, wrong, or twice.
fn edited(strings: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let other = select(CHARACTERS.chars().collect::<Vec<_>>());
    (strings, any::<Index>(), other, 0..4).prop_map(|(string, at, other, slip)| {
        let mut characters: Vec<char> = string.chars().collect();
        let at = at.index(characters.len());
        match slip {
            0 => characters.insert(at, other),
            _ if ends_the_user(&characters, at) => characters.insert(at, other),
            1 => drop(characters.remove(at)),
            2 => characters[at] = other,
            _ => characters.insert(at, characters[at]),
        }
        characters.into_iter().collect()
    })
}

/// The colon without which the password is part of the user name.
fn ends_the_user(characters: &[char], at: usize) -> bool {
    characters[at] == ':' && characters[at + 1..].starts_with(&SECRET.chars().collect::<Vec<_>>())
}
