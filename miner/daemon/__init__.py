"""The daemon: runs the pipeline when it is due, and does no work of its own.

::

    settings [daemon.jobs]      what runs when                          read again at SIGHUP
            |
    schedule                    APScheduler, its jobs in our database   one daemon a database: a lock
            |
    children                    one process a run of a job              SIGTERM: stops at the next page
            |  jobs             ... which calls the pipeline, under the locks of its sources
            |
    outcomes                    log lines, metrics, daemon_outcome

A run is a process of its own: what it leaks ends with it, and what kills it leaves the daemon alive.
"""
