//! Two servers, of which one is the primary: what a run does when the other one becomes it.

mod application;
mod asynchronous;
mod hosts;
mod pair;
mod switch;
mod to_and_fro;
