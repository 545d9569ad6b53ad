"""Languages by the endings of their files, and what to ask their syntax trees.

The queries are tree-sitter's. Captures are named by what they find: ``class``, ``function``, ``constant`` and ``module`` are names that are
defined there, ``import`` is the text that names another file, ``reference`` a name that is used. Only data; `symbols` runs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A language's wheel: the module, the function in it that returns the grammar, and our query."""

    module: str
    query: str
    function: str = "language"


_JAVASCRIPT = """
(class_declaration name: (_) @class)
(function_declaration name: (identifier) @function)
(generator_function_declaration name: (identifier) @function)
(method_definition name: [(property_identifier) (private_property_identifier)] @function)
(program (lexical_declaration (variable_declarator name: (identifier) @constant)))
(program (variable_declaration (variable_declarator name: (identifier) @constant)))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @constant))))
(pair key: [(property_identifier) @function (string (string_fragment) @function)] value: [(function_expression) (arrow_function)])
(assignment_expression left: (member_expression property: (property_identifier) @function) right: [(function_expression) (arrow_function)])
(import_statement source: (string) @import)
(export_statement source: (string) @import)
(call_expression function: (identifier) @_require arguments: (arguments . (string) @import) (#eq? @_require "require"))
(call_expression function: (identifier) @reference)
(call_expression function: (member_expression property: (property_identifier) @reference))
(new_expression constructor: (identifier) @reference)
"""
_TYPESCRIPT = (
    _JAVASCRIPT
    + """
(abstract_class_declaration name: (_) @class)
(interface_declaration name: (_) @class)
(type_alias_declaration name: (_) @class)
(enum_declaration name: (_) @class)
(enum_body name: (property_identifier) @constant)
(enum_assignment name: (property_identifier) @constant)
(internal_module name: (_) @module)
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @constant))))
(public_field_definition name: (property_identifier) @function value: [(function_expression) (arrow_function)])
(function_signature name: (identifier) @function)
(method_signature name: (property_identifier) @function)
(abstract_method_signature name: (property_identifier) @function)
(type_identifier) @reference
"""
)
_C = """
(function_definition declarator: [
  (function_declarator declarator: (identifier) @function)
  (pointer_declarator declarator: (function_declarator declarator: (identifier) @function))
  (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @function)))
])
(declaration declarator: (function_declarator declarator: (identifier) @function))
(declaration declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @function)))
(translation_unit (declaration declarator: (init_declarator declarator: [
  (identifier) @constant
  (pointer_declarator declarator: (identifier) @constant)
  (array_declarator declarator: (identifier) @constant)
])))
(struct_specifier name: (_) @class body: (_))
(union_specifier name: (_) @class body: (_))
(enum_specifier name: (_) @class body: (_))
(enumerator name: (identifier) @constant)
(type_definition declarator: (type_identifier) @class)
(type_definition declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (_) @class))))
(preproc_def name: (identifier) @constant)
(preproc_function_def name: (identifier) @function)
(preproc_include path: (_) @import)
(call_expression function: (identifier) @reference)
(type_identifier) @reference
"""
GRAMMARS: Mapping[str, Grammar] = MappingProxyType(
    {
        "python": Grammar(
            module="tree_sitter_python",
            query="""
(class_definition name: (identifier) @class)
(function_definition name: (identifier) @function)
(module (expression_statement (assignment left: [(identifier) @constant (pattern_list (identifier) @constant)])))
(type_alias_statement left: (type (identifier) @class))
(import_statement name: (dotted_name) @import)
(import_statement name: (aliased_import name: (dotted_name) @import))
(import_from_statement) @import
(call function: (identifier) @reference)
(call function: (attribute attribute: (identifier) @reference))
(decorator (identifier) @reference)
(class_definition superclasses: (argument_list (identifier) @reference))
(type (identifier) @reference)
""",
        ),
        "javascript": Grammar(
            module="tree_sitter_javascript",
            query=_JAVASCRIPT
            + """
(field_definition property: (property_identifier) @function value: [(function_expression) (arrow_function)])
""",
        ),
        "typescript": Grammar(module="tree_sitter_typescript", function="language_typescript", query=_TYPESCRIPT),
        "tsx": Grammar(module="tree_sitter_typescript", function="language_tsx", query=_TYPESCRIPT),
        "rust": Grammar(
            module="tree_sitter_rust",
            query="""
(struct_item name: (_) @class)
(enum_item name: (_) @class)
(union_item name: (_) @class)
(trait_item name: (_) @class)
(type_item name: (_) @class)
(associated_type name: (_) @class)
(function_item name: (identifier) @function)
(function_signature_item name: (identifier) @function)
(macro_definition name: (identifier) @function)
(const_item name: (identifier) @constant)
(static_item name: (identifier) @constant)
(enum_variant name: (identifier) @constant)
(mod_item name: (identifier) @module)
(mod_item name: (identifier) @import !body)
(use_declaration argument: (_) @import)
(call_expression function: (identifier) @reference)
(call_expression function: (field_expression field: (field_identifier) @reference))
(call_expression function: (scoped_identifier name: (identifier) @reference))
(macro_invocation macro: (identifier) @reference)
(type_identifier) @reference
""",
        ),
        "go": Grammar(
            module="tree_sitter_go",
            query="""
(type_spec name: (_) @class)
(type_alias name: (_) @class)
(function_declaration name: (identifier) @function)
(method_declaration name: (field_identifier) @function)
(method_elem name: (field_identifier) @function)
(const_spec name: (identifier) @constant)
(source_file (var_declaration (var_spec name: (identifier) @constant)))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @constant))))
(package_clause (package_identifier) @module)
(import_spec path: (_) @import)
(call_expression function: (identifier) @reference)
(call_expression function: (selector_expression field: (field_identifier) @reference))
(type_identifier) @reference
""",
        ),
        "java": Grammar(
            module="tree_sitter_java",
            query="""
(class_declaration name: (identifier) @class)
(interface_declaration name: (identifier) @class)
(enum_declaration name: (identifier) @class)
(record_declaration name: (identifier) @class)
(annotation_type_declaration name: (identifier) @class)
(method_declaration name: (identifier) @function)
(constructor_declaration name: (identifier) @function)
(annotation_type_element_declaration name: (identifier) @function)
(enum_constant name: (identifier) @constant)
(field_declaration declarator: (variable_declarator name: (identifier) @constant))
(import_declaration (scoped_identifier) @import)
(method_invocation name: (identifier) @reference)
(type_identifier) @reference
""",
        ),
        "c": Grammar(module="tree_sitter_c", query=_C),
        "cpp": Grammar(
            module="tree_sitter_cpp",
            query=_C
            + """
(class_specifier name: (_) @class body: (_))
(namespace_definition name: (_) @module)
(alias_declaration name: (_) @class)
(concept_definition name: (identifier) @class)
(function_definition declarator: [
  (function_declarator declarator: [(field_identifier) (qualified_identifier)] @function)
  (pointer_declarator declarator: (function_declarator declarator: [(field_identifier) (qualified_identifier)] @function))
  (reference_declarator (function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier)] @function))
])
(field_declaration declarator: [
  (function_declarator declarator: (field_identifier) @function)
  (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @function))
  (reference_declarator (function_declarator declarator: (field_identifier) @function))
])
(declaration_list (declaration declarator: (init_declarator declarator: (identifier) @constant)))
(call_expression function: (field_expression field: (field_identifier) @reference))
(call_expression function: (qualified_identifier name: (identifier) @reference))
""",
        ),
    }
)
_ENDINGS = {
    "python": "py pyi",
    "javascript": "js jsx mjs cjs",
    "typescript": "ts mts cts",
    "tsx": "tsx",
    "rust": "rs",
    "go": "go",
    "java": "java",
    "c": "c h",
    "cpp": "cc cpp cxx hh hpp hxx ipp inl",
}
LANGUAGES: Mapping[str, str] = MappingProxyType({ending: name for name, endings in _ENDINGS.items() for ending in endings.split()})


_IS_CPP = re.compile(rb"^\s*(?:class\s+\w[^;()]*\{|namespace\b|template\s*<|(?:public|private|protected)\s*:|using\s+\w)", re.MULTILINE)
_COMMENTS = re.compile(rb"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|/\*.*?(?:\*/|\Z)|//(?:\\\r?\n|[^\n])*""", re.DOTALL)
"""Comments, and what is no comment whatever it looks like."""


def language_of(path: str, content: bytes = b"") -> str | None:
    """Return the language that a file's ending stands for, None where we have no grammar for it.

    A header that says what C cannot is C++, if its content is given.
    """
    ending = path.rpartition(".")[2].lower()
    return "cpp" if ending == "h" and _is_cpp(content) else LANGUAGES.get(ending)


def _is_cpp(header: bytes) -> bool:
    # Most headers of C look like none even with their comments, which are therefore looked for last.
    return _IS_CPP.search(header) is not None and _IS_CPP.search(_COMMENTS.sub(lambda found: found[1] or b" ", header)) is not None
