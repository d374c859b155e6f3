//! Connection strings as they get broken: by a framework, a shell, an env file, a slip of the hand.
//!
//! One slip at a time; and not the one that nobody can see: a URL without the colon before its password has a
//! longer user name.

use fastrand::Rng;

/// Part of every password here, several times in most.
pub const SECRET: &str = "S3CR3T";

/// Legal strings. `{}` is the password.
const STRINGS: [&str; 9] = [
    "postgresql://ann:{}@127.0.0.1:1/app",
    "postgres://ann:{}@127.0.0.1:1/app?sslmode=disable&connect_timeout=2",
    "postgresql:///app?user=ann&password={}&port=1",
    "postgresql://ann:{}@/app?port=1&sslmode=disable",
    "postgresql://ann@127.0.0.1/app?sslmode=require&sslpassword={}",
    "user=ann password={} port=1 dbname=app",
    "user=ann password='{}' port=1 dbname='my app' sslmode=disable",
    "password={} user=ann port=1",
    "user = ann port = 1 sslpassword = {} dbname = app",
];

/// Between two secrets: what is special in a URL, in a conninfo string or in a shell.
const BETWEEN: [&str; 24] = [
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

const CHARACTERS: [u8; 20] = *b"/?#@:&=;,%+ '\"\\[]x0\t";

pub fn connection_string(random: &mut Rng) -> String {
    match random.u8(0..7) {
        0 | 1 => whole(random),
        2 => random.choice(WRAPS).unwrap_or_default().replace("{}", &whole(random)),
        3 => with_another_scheme(&whole(random), random),
        4 => cut(&legal(random), random),
        _ => edited(&legal(random), random),
    }
}

fn legal(random: &mut Rng) -> String {
    random.choice(STRINGS).unwrap_or_default().replace("{}", SECRET)
}

/// Unbroken but for what its password may do to it.
pub fn whole(random: &mut Rng) -> String {
    random.choice(STRINGS).unwrap_or_default().replace("{}", &password(random))
}

/// `host:port:database:user:password`, broken.
pub fn passfile_line(random: &mut Rng) -> String {
    let line = format!("*:*:*:ann:{}", password(random));
    if random.bool() { edited(&line, random) } else { cut(&line, random) }
}

pub fn password(random: &mut Rng) -> String {
    let between = random.choice(BETWEEN).unwrap_or_default();
    [SECRET; 3][..random.usize(1..=3)].join(between)
}

fn with_another_scheme(string: &str, random: &mut Rng) -> String {
    let rest = string.split_once("://").map_or(string, |(_scheme, rest)| rest);
    format!("{}{rest}", random.choice(SCHEMES).unwrap_or_default())
}

/// Its beginning or its end is missing, but not all that shows that it is a connection string.
fn cut(string: &str, random: &mut Rng) -> String {
    let at = random.usize(..string.len());
    let secret = string.find(SECRET).unwrap_or_default();
    if random.bool() { string[at.min(secret - 1)..].to_owned() } else { string[..at].to_owned() }
}

/// One character too many, too few, wrong, or twice.
fn edited(string: &str, random: &mut Rng) -> String {
    let mut characters: Vec<char> = string.chars().collect();
    let at = random.usize(..characters.len());
    let other = char::from(random.choice(CHARACTERS).unwrap_or_default());
    match random.u8(0..4) {
        0 => characters.insert(at, other),
        _ if ends_the_user(&characters, at) => characters.insert(at, other),
        1 => drop(characters.remove(at)),
        2 => characters[at] = other,
        _ => characters.insert(at, characters[at]),
    }
    characters.into_iter().collect()
}

/// The colon without which the password is part of the user name.
fn ends_the_user(characters: &[char], at: usize) -> bool {
    characters[at] == ':' && characters[at + 1..].starts_with(&SECRET.chars().collect::<Vec<_>>())
}
