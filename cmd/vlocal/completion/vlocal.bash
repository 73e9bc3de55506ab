# bash completion for vlocal; works without the bash-completion package.
_vlocal() {
	local cur=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
	local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
	[[ $cur == -* ]] && words+=("$cur")
	local found
	found=$("${words[@]}" --generate-bash-completion 2>/dev/null)
	COMPREPLY=($(compgen -W "$found" -- "$cur"))
}
complete -o bashdefault -o default -F _vlocal vlocal
