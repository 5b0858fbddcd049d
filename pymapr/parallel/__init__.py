"""The parallel engine of one machine: a master that holds no job code, and workers that know no other worker.

    master     deals tasks, gathers announcements, gives the output back      (map_phase, reduce_phase, crew)
    worker     takes tasks, runs the job's code, announces what came of it    (mapping, reducing)
    between    messages on a pipe each way, blocks beside them                (channel, shuffle, store)

A room imports only from rooms below it; pyproject.toml holds the list, from the top down.
"""
