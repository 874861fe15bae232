"""Labels by people: read, drawn for raters, compared, and decided on where raters differ.

    file ----> labelfile -> judgements -> importing ----> rating tables
    database -> sampling -> sheets (blind) -> rater -> file
    rating tables -> agreement (coefficients), reconciling -> moderator -> file

Nothing here parses a command line or prints.
"""
