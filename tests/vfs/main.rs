//! File systems of the firmware against the tools that others made for the same formats.

mod fat;
mod littlefs;
mod rom;
mod version_1;
