"""The one family of errors that are meant for people."""


class PipelineError(Exception):
    """A failure that its reader can act on.

    Its text is one sentence or two: what was expected, what was got, in which file or setting, and what to do.
    `pipeline.__main__` prints it without a traceback and exits with 1.
    """
