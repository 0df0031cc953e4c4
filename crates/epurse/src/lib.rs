//! The card: APDUs, files, load and purchase cryptograms, and a software card
