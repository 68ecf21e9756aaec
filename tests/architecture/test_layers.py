"""What is deployed imports no tools: images and operators' machines have none."""

import ast
from pathlib import Path

import services

ROOT = Path(services.__file__).parent.parent
# Files of deploy that import tools, and why. Each imports them inside a function.
EXCEPTIONS = {"deploy/backup/__main__.py"}  # `--local` saves and restores a developer's local run


def imports_of(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {node.module.partition(".")[0]} if isinstance(node, ast.ImportFrom) and node.module else set()


def test_deploy_imports_no_tools():
    files = {str(file.relative_to(ROOT)): ast.parse(file.read_text()) for file in (ROOT / "deploy").rglob("*.py")}
    anywhere = {name for name, tree in files.items() if any("tools" in imports_of(node) for node in ast.walk(tree))}
    at_once = {name for name, tree in files.items() if any("tools" in imports_of(node) for node in tree.body)}
    assert files
    assert anywhere <= EXCEPTIONS
    assert at_once == set()
