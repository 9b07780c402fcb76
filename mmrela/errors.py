"""The one exception that stands for a user's mistake."""


class UserError(ValueError):
    """A mistake that the user can mend.

    The message is one sentence that names the file or key and the cure;
    the command-line tools print it without a traceback and exit with 2.
    """
