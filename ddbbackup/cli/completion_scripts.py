"""What the completion scripts call for names that only the plan and the catalog know, in each shell."""

from __future__ import annotations

from typing import Final, Literal, get_args

Kind = Literal["restores", "tables", "backups", "previewed"]
KINDS: Final = get_args(Kind)

_BASH: Final = r"""
_ddbbackup_names() {
  local -a files=()
  local i name
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in -f | --file) files+=(-f "${COMP_WORDS[i + 1]}") ;; esac
  done
  # Not compgen -W: it would expand names, and run the commands in them.
  while IFS= read -r name; do
    if [[ $name == "$2"* ]]; then printf '%s\n' "$name"; fi
  done < <(ddbbackup completion --names "$1" "${files[@]}" 2>/dev/null)
}
"""
_ZSH: Final = """
_ddbbackup_names() {
  local -a files names
  local i
  for ((i = 1; i < CURRENT; i++)); do
    [[ ${words[i]} == (-f|--file) ]] && files+=(-f "${words[i+1]}")
  done
  names=(${(f)"$(ddbbackup completion --names $1 $files 2>/dev/null)"})
  compadd -a names
}
"""
_FISH: Final = """
function __ddbbackup_names
  set -l files
  set -l typed (commandline -opc)
  for i in (seq (count $typed))
    if contains -- $typed[$i] -f --file
      set -a files -f $typed[(math $i + 1)]
    end
  end
  ddbbackup completion --names $argv[1] $files 2>/dev/null
end
"""


def completing(kind: Kind) -> dict[str, str | dict[str, str]]:
    """What `shtab` reads in the attribute ``complete`` of an argument."""
    function = f"_ddbbackup_{kind}"
    return {
        "bash": function,
        "zsh": function,
        "fish": f"(__ddbbackup_names {kind})",
        "preamble": {
            "bash": f'{_BASH}{function}() {{ _ddbbackup_names {kind} "$1"; }}\n',
            "zsh": f"{_ZSH}{function}() {{ _ddbbackup_names {kind} }}\n",
            "fish": _FISH,
        },
    }
