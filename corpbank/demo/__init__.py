"""The whole bank on one machine, to be tried out: servers, both sites, worker, beat and sinks."""
