# frozen_string_literal: true

module Wherry
  # Anything that went wrong in a guest or on the way to it. Below it: MalformedError, InvalidError,
  # LinkError, Trap, WasmException, Exit, LimitError (and TimeoutError), Interrupted, StateError,
  # ComponentError.
  # Ruby's own TypeError, RangeError, ArgumentError, IndexError and NoMemoryError mean what they always
  # mean; an exception of a host function arrives as itself.
  class Error
    # :trap, :malformed, …
    attr_reader :kind

    # The guest's stack, innermost call first: an Array of Frame.
    def frames
      @frames || [].freeze
    end

    # How many frames of a long stack were left out.
    def frames_omitted
      @frames_omitted || 0
    end

    # Where in the module the error is, in bytes; nil: not known.
    def offset
      @offset
    end

    # The guest's frames stand above Ruby's own.
    def backtrace
      lines = super
      return lines unless lines && @frames

      @frames.map { |frame| "wasm:#{frame}" } + lines
    end
  end

  class Trap
    # Why the guest trapped: :integer_divide_by_zero, :unreachable, …
    attr_reader :code
  end

  class Exit
    # The exit code the guest asked for.
    attr_reader :code
  end

  # An exception of a guest that no guest caught. A host function that raises one throws it into the
  # guest that called it: WasmException.new(tag, 5, 2.5).
  class WasmException
    # What kind of exception it is, a Tag; and a value for each parameter of it.
    attr_reader :tag, :values

    def initialize(tag = nil, *values)
      return super(tag) unless tag.is_a?(Tag)

      super("an exception of a guest was not caught: #{values.inspect}")
      @kind = :exception
      @tag = tag
      @values = values.freeze
    end
  end

  class LimitError
    # Which limit was reached: :memory, :fuel, :deadline, …
    attr_reader :limit
  end

  # One call of the guest's stack. A name is nil where the module gives none; the offset is that of
  # the running instruction in the module, nil for a host function.
  Frame = Struct.new(:function_name, :module_name, :function_index, :offset) do
    def initialize(*)
      super
      freeze
    end

    def to_s
      name = function_name || "func[#{function_index}]"
      name = "#{module_name}!#{name}" if module_name
      offset ? format("%<name>s+0x%<offset>x", name: name, offset: offset) : name
    end
  end

  # What a module wants; type is text: "func (i32) -> i32".
  Import = Struct.new(:module, :name, :kind, :type) do
    def initialize(*)
      super
      freeze
    end
  end

  # What a module gives.
  Export = Struct.new(:name, :kind, :type) do
    def initialize(*)
      super
      freeze
    end
  end
end
