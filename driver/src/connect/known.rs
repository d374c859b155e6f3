//! The keywords of connection parameters.

/// Each keyword that is understood, with the variable that stands in for it.
pub const KEYWORDS: [(&str, &str); 37] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("dbname", "PGDATABASE"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("fallback_application_name", ""),
    ("client_encoding", ""),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslpassword", ""),
    ("sslcertmode", "PGSSLCERTMODE"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslsni", "PGSSLSNI"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    ("min_protocol_version", "PGMINPROTOCOLVERSION"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("require_auth", "PGREQUIREAUTH"),
    ("requirepeer", "PGREQUIREPEER"),
    ("requiressl", "PGREQUIRESSL"),
    ("gssencmode", "PGGSSENCMODE"),
    ("keepalives", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("keepalives_count", ""),
    ("tcp_user_timeout", ""),
];

/// What holds a password by its nature.
pub const SECRETS: [&str; 2] = ["password", "sslpassword"];

pub fn is_keyword(text: &str) -> bool {
    KEYWORDS.iter().any(|(keyword, _)| *keyword == text)
}

pub fn variable_of(keyword: &str) -> &'static str {
    KEYWORDS.iter().find(|(known, _)| *known == keyword).map_or("", |(_, variable)| variable)
}

/// The one that was probably meant: two letters are wrong at most.
pub fn nearest(text: &str) -> Option<&'static str> {
    let distances = KEYWORDS.iter().map(|(keyword, _)| (strsim::osa_distance(text, keyword), *keyword));
    distances.min().filter(|(distance, _)| *distance <= 2).map(|(_, keyword)| keyword)
}
