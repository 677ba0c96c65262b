# frozen_string_literal: true

module Wherry
  # What a guest and its exports can do beside the exports themselves. Whatever of this a guest exports
  # under the same name is the guest's.
  class Face
    %i[class frozen? hash eql? instance_of? is_a? kind_of? method methods nil? object_id public_send
       respond_to? respond_to_missing?].each do |name|
      define_method(name, ::Kernel.instance_method(name))
    end

    def inspect
      "#<#{::Wherry::Native.class_of(self).inspect}: #{::Wherry::Native.names(self).join(", ")}>"
    end
    alias to_s inspect

    private

    # Only what does not exist comes here.
    def method_missing(name, *)
      ::Wherry.__send__(:no_method, self, name)
    end
  end

  # A loaded guest. Its class is made from its module; that class also has the records of the WIT as
  # constants.
  class Guest
    class << self
      def const_missing(name)
        Native.record(self, name.to_s) || super
      end

      def inspect
        "Wherry::Guest"
      end
      alias to_s inspect
    end
  end

  # The exports of an instance, each under its own name.
  class Exports
    def keys
      ::Wherry::Native.names(self)
    end

    # Yields each raw name and what is exported under it.
    def each(&block)
      pairs = ::Wherry::Native.names(self).map { |name| [name, self[name]] }
      return pairs.each unless block

      pairs.each(&block)
      self
    end

    class << self
      def inspect
        "Wherry::Exports"
      end
      alias to_s inspect
    end
  end

  class << self
    private

    def suggestion(name, names)
      near = Native.near(name.to_s, names)
      near.empty? ? "" : "; did you mean #{near.join(" or ")}?"
    end

    # The backtrace is the caller's: this is not where the typo stands.
    def no_method(face, name)
      names = Native.class_of(face).public_instance_methods(false).map(&:to_s)
      error = NoMethodError.new("the guest exports no #{name}#{suggestion(name, names)}", name)
      error.set_backtrace(caller(2))
      raise error
    end

    def no_export(face, name)
      raise KeyError, "the guest exports no #{name.inspect}#{suggestion(name, Native.names(face))}"
    end
  end
end
